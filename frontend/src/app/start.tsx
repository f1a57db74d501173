/** Draws the app. */
import "@mantine/core/styles.css";
import "@mantine/dates/styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startLanguages } from "@/shared/i18n";
import { App } from "./App";

export async function start(): Promise<void> {
  await startLanguages();
  const root = document.getElementById("root");
  if (root === null) throw new Error("the page has no place for the app");
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
