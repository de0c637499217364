// SPDX-License-Identifier: MIT
// Runs before the first paint, so that a chosen theme does not flash the other one first.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden here: the system's choice stands.
}
