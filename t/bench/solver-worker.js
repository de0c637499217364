// SPDX-License-Identifier: MIT
/** Hashes for a while, in the way that it is told to, and answers how many a second. Served by solver.mjs. */

const challenge = Uint8Array.from({ length: 16 }, (_, n) => 17 * n);

/** @param {string} path */
const bytesOf = async (path) => (await fetch(path)).arrayBuffer();

/** @param {string} path */
async function wasm(path) {
  const { compile, WasmLane } = await import("/static/wasm.js");
  const lane = new WasmLane(compile(await bytesOf(path)), challenge, 30, 0);
  return () => (lane.hits(), 1000);
}

/** Each makes a function that tries some nonces and returns how many. */
const WAYS = {
  simd: () => wasm("/static/solver-simd.wasm"),
  scalar: () => wasm("/static/solver.wasm"),
  async js() {
    const { Lane } = await import("/static/hash.js");
    const lane = new Lane(challenge, 30, 0);
    return () => (lane.batch(), 1000);
  },
  async cap() {
    const { default: init, solve_pow } = await import("/cap/cap_wasm.js");
    await init({ module_or_path: "/cap/cap_wasm_bg.wasm" });
    let salts = 0;
    return () => Number(solve_pow(`a salt as long as theirs: ${salts++}`, "0000")) + 1;
  },
  async mcaptcha() {
    const binding = await import("/mcaptcha/pow_wasm_bg.js");
    const { instance } = await WebAssembly.instantiate(await bytesOf("/mcaptcha/pow_wasm_bg.wasm"), {
      "./pow_wasm_bg.js": binding,
    });
    binding.__wbg_set_wasm(instance.exports);
    let phrases = 0;
    return () => JSON.parse(binding.gen_pow("a salt", `phrase ${phrases++}`, 50_000)).nonce;
  },
  async subtle() {
    const bytes = new Uint8Array(55);
    return async () => {
      for (let n = 0; n < 1000; n++) {
        bytes[54] = n;
        await crypto.subtle.digest("SHA-256", bytes);
      }
      return 1000;
    };
  },
};

onmessage = async ({ data: { way, secs } }) => {
  const attempt = await WAYS[way]();
  // Until the compiler has done its best.
  for (const end = performance.now() + 300; performance.now() < end; ) await attempt();
  const start = performance.now();
  let hashes = 0;
  while (performance.now() - start < 1000 * secs) hashes += await attempt();
  postMessage((1000 * hashes) / (performance.now() - start));
};
