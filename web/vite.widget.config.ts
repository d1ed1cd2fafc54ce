import { defineConfig } from 'vite';
import { fileURLToPath } from 'node:url';
import { buildVariables } from './tools/variables';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// tryon.js: the one file a shop's page loads. One classic script, no imports, no hash in its name: shops write the name
// into their pages once.
export default defineConfig({
  define: buildVariables(),
  publicDir: false,
  esbuild: { legalComments: 'none' },
  build: {
    outDir: process.env.TRYON_WEB_OUT ?? here('../build/web'),
    emptyOutDir: false,
    target: 'es2020',
    reportCompressedSize: false,
    lib: { entry: here('src/widget/tryon.ts'), formats: ['iife'], name: 'TryOnWidget', fileName: () => 'tryon.js' },
  },
});
