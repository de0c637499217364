// SPDX-License-Identifier: MIT
/** Solves one puzzle of Cap's with its own library. */

import init, { solve_pow } from "/cap/cap_wasm.js";

const ready = init({ module_or_path: "/cap/cap_wasm_bg.wasm" });

onmessage = async ({ data }) => {
  await ready;
  postMessage(String(solve_pow(data, "00000")));
};
