// The widget's look. A page restyles it with custom properties (--tryon-color, --tryon-background, --tryon-radius,
// --tryon-font) or with ::part(button).
export const css = `
:host{display:block;min-height:48px}
:host([hidden]){display:none}
*{box-sizing:border-box}
button{font:inherit;cursor:pointer}
button[part]{display:flex;align-items:center;justify-content:center;gap:.5em;width:100%;min-height:48px;padding:.6em 1.2em;
font:600 1rem/1.2 var(--tryon-font,inherit);color:var(--tryon-color,inherit);background:var(--tryon-background,transparent);
border:1.5px solid currentColor;border-radius:var(--tryon-radius,8px)}
button[hidden]{display:none}
button[part]:hover{text-decoration:underline;text-underline-offset:.2em}
button:focus-visible{outline:3px solid #2563eb;outline-offset:2px}
svg{width:1.4em;height:1.4em;flex:none;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
dialog{position:fixed;inset:0;margin:auto;padding:0;border:0;width:min(100vw,1120px);height:min(100vh,860px);
height:min(100dvh,860px);max-width:none;max-height:none;border-radius:16px;overflow:hidden;overscroll-behavior:contain;
background:#fff;color:#1c1b1a;box-shadow:0 24px 80px rgb(0 0 0/.35)}
dialog::backdrop{background:rgb(20 18 16/.6)}
iframe{display:block;width:100%;height:100%;border:0;background:transparent;color-scheme:normal}
p{position:absolute;inset:0;display:grid;place-content:center;margin:0;font:1rem/1.4 system-ui,sans-serif}
.close{position:absolute;top:8px;inset-inline-end:8px;z-index:1;width:44px;height:44px;padding:0;display:grid;place-items:center;
border:0;border-radius:50%;background:rgb(255 255 255/.9);color:#1c1b1a}
.close:hover{background:#eee}
.fence{position:absolute}
@media(max-width:640px){dialog{width:100vw;height:100vh;height:100dvh;border-radius:0}}
@media(prefers-color-scheme:dark){dialog{background:#1b1a19;color:#f3f1ee}.close{background:rgb(40 38 36/.9);color:#f3f1ee}.close:hover{background:#444}}
@media(prefers-reduced-motion:no-preference){dialog{animation:r .18s ease-out}@keyframes r{from{opacity:0;transform:translateY(12px)}}}
`;
