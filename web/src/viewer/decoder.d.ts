// The decoder in plain JavaScript: the usual one is WebAssembly, which the pages' Content-Security-Policy keeps out.
declare module '*meshopt_decoder_reference.js' {
  import type { MeshoptDecoder as Decoder } from 'meshoptimizer/decoder';
  export const MeshoptDecoder: typeof Decoder;
}
