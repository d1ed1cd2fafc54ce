import { defineConfig } from 'vite';
import { fileURLToPath } from 'node:url';
import { policyInPages } from './tools/policy';
import { buildVariables } from './tools/variables';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Three pages: the demo shop at /, the fitting room at /embed, the console at /console. Names of assets carry their
// content's hash, so that the server may tell browsers to keep them for good. Nothing is inlined into HTML or CSS:
// the pages run under a Content-Security-Policy without unsafe-inline and without data: scripts.
export default defineConfig({
  define: buildVariables(),
  plugins: [policyInPages()],
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  server: { proxy: { '/v1': 'http://127.0.0.1:8080' } },
  build: {
    outDir: process.env.TRYON_WEB_OUT ?? here('../build/web'),
    emptyOutDir: true,
    target: 'es2021',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900, // three.js
    rollupOptions: {
      input: { shop: here('index.html'), embed: here('embed/index.html'), console: here('console/index.html') },
      output: { manualChunks: (id) => (id.includes('node_modules/preact/') ? 'preact' : undefined) },
    },
  },
});
