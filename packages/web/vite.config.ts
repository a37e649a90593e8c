import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "./precompress.ts";

/** In development the API is the server on its own port, as it is on the page's port in production. */
const proxy = {
  "/api": {
    target: "http://127.0.0.1:9090",
    changeOrigin: true,
    rewrite: (path: string) => path.replace(/^\/api/, ""),
  },
};

export default defineConfig({
  // Relative addresses: a proxy may serve the page below a path.
  base: "./",
  plugins: [react(), precompress()],
  server: { proxy },
  preview: { proxy },
  build: {
    target: "es2022",
    // The Content-Security-Policy allows files of this origin only: nothing is inlined as a data URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Libraries seldom change, so browsers keep their file over releases. Small modules of the first load go into one
    // file: each file costs a kilobyte of headers. A group takes along what its modules import.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "libraries", test: /node_modules.(react|react-dom|scheduler)./ },
            {
              name: "shared",
              test: /web.src.(main|ui|api|sessions|chat.(composer.(?!next-step)|state.(?!branches|read-attachment|next-step)|log.conversation-log)|texts.(english|format|locale|texts).ts)/,
            },
          ],
        },
      },
    },
  },
});
