// SPDX-License-Identifier: MIT
import js from "@eslint/js";

/** @param {string} names */
const readonly = (names) => Object.fromEntries(names.split(" ").map((name) => [name, "readonly"]));

const browser = {
  ...readonly(
    "AbortController AbortSignal CSS DOMException Document Element HTMLElement HTMLAnchorElement HTMLButtonElement " +
    "HTMLDialogElement HTMLFormElement HTMLHeadingElement HTMLInputElement HTMLMetaElement HTMLProgressElement " +
    "HTMLTextAreaElement HTMLUListElement IntersectionObserver MessageChannel URL URLSearchParams WebAssembly Worker " +
    "addEventListener atob clearInterval clearTimeout document fetch history localStorage location navigator " +
    "performance postMessage removeEventListener requestAnimationFrame scrollTo scrollY sessionStorage setInterval setTimeout",
  ),
  onmessage: "writable",
};

const rules = {
  ...js.configs.recommended.rules,
  eqeqeq: "error",
  "no-var": "error",
  "prefer-const": "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-shadow": "error",
  "max-lines": ["error", 400],
  "max-lines-per-function": ["error", 80],
  complexity: ["error", 12],
  "no-restricted-properties": [
    "error",
    ...["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc"].map((property) => ({
      property,
      message: "Text becomes text nodes only.",
    })),
  ],
};

const READ_ONCE = "allInnerTexts allTextContents count evaluateAll getAttribute innerText inputValue textContent title";
const TOO_EARLY = "What is read once may be read too early: becomes() of lib/patience.js waits for it.";

const patient = {
  "no-restricted-syntax": [
    "error",
    { selector: "CallExpression[callee.object.name=assert] AwaitExpression", message: TOO_EARLY },
    { selector: "CallExpression[callee.object.name=assert] CallExpression[callee.property.name=/^(count|psql|url|workers)$/]", message: TOO_EARLY },
    { selector: `AwaitExpression > CallExpression[callee.property.name=/^(${READ_ONCE.replaceAll(" ", "|")})$/]`, message: TOO_EARLY },
  ],
};

const node = readonly("Buffer URL console fetch process clearTimeout setTimeout");

// What tests run inside the page is written in their files.
const both = { ...node, ...browser, ...readonly("Event KeyboardEvent isSecureContext MutationObserver OffscreenCanvas btoa createImageBitmap getComputedStyle innerWidth matchMedia") };

// What static/join.awk relies on when it makes one module of many.
const joined = { semi: "error", "no-shadow": ["error", { builtinGlobals: true }] };

export default [
  { files: ["static/**/*.js"], languageOptions: { globals: browser }, rules: { ...rules, ...joined } },
  { files: ["t/browser/**/*.{js,mjs}"], languageOptions: { globals: both }, rules: { ...rules, ...patient } },
];
