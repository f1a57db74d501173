import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressed } from "./compressed.ts";

const API = process.env["API"] ?? "http://localhost:8080";
// Everything but the app is the API's.
const NOT_THE_APP = "^(?!/app(/|$)).*";

/** Packages that every page needs; of those for queries only what is not for long lists. */
const BASE = [
  "react", "react-dom", "scheduler", "react-router", "i18next", "react-i18next", "dayjs", "openapi-fetch",
  "@floating-ui/[^/]*", "@mantine/core/esm/core", "@mantine/hooks", "@tanstack/query-core", "@tanstack/react-query",
];
const EVERYWHERE = new RegExp(`node_modules/(${BASE.join("|")})/(?!.*(useInfinite|infiniteQueryO))`);

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

export default defineConfig({
  base: "/app/",
  plugins: [react(), compressed()],
  resolve: {
    alias: {
      "@": here("./src"),
    },
  },
  build: {
    outDir: here("../src/holdfast/web/built"),
    emptyOutDir: true,
    target: "es2022",
    // The policy of the pages allows no `data:` fonts or scripts, and inlined files have no name to be kept by.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // What every page needs, as one: it packs better than in the many small parts that lazy pages would make of it.
        codeSplitting: { groups: [{ name: "base", test: EVERYWHERE }] },
      },
    },
  },
  server: {
    port: 3000,
    strictPort: true,
    proxy: { [NOT_THE_APP]: { target: API, changeOrigin: true } },
  },
});
