import js from "@eslint/js";

const browser = {
  ...Object.fromEntries(
    (
      "AbortController CSS DOMException Document Element HTMLElement HTMLAnchorElement HTMLButtonElement " +
      "HTMLDialogElement HTMLFormElement HTMLHeadingElement HTMLInputElement HTMLProgressElement " +
      "HTMLTextAreaElement HTMLUListElement IntersectionObserver MessageChannel URL URLSearchParams Worker " +
      "addEventListener atob clearInterval clearTimeout document fetch history localStorage location navigator " +
      "performance postMessage requestAnimationFrame scrollTo scrollY sessionStorage setInterval setTimeout"
    )
      .split(" ")
      .map((name) => [name, "readonly"]),
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

export default [
  { files: ["**/*.js"], languageOptions: { globals: browser }, rules },
];
