// A body from the front, its regions coloured by how many shoppers find them tight (red) or loose (blue).
import { useId } from 'preact/hooks';
import { i18n, t, type Key } from './i18n';

export interface Share { region: string; tight: number; right: number; loose: number; tryons: number } // shares of tryons
export const regionName = (r: string) => t(`region_${r}` as Key);

// Drawn for a figure 200 wide and 470 high. part: which outline a band is cut from.
const TRUNK = 'M84 78C74 82 62 84 56 92C60 110 66 126 67 142C68 160 68 172 66 186C62 204 60 222 62 242L68 300L100 258L132 300L138 242C140 222 138 204 134 186C132 172 132 160 133 142C134 126 140 110 144 92C138 84 126 82 116 78C112 76 110 70 110 62L90 62C90 70 88 76 84 78Z';
const LEGS = 'M62 240C60 280 66 320 70 352C71 380 74 410 77 446L96 446C96 410 98 380 97 352C98 320 100 286 100 258C100 286 102 320 103 352C102 380 104 410 104 446L123 446C126 410 129 380 130 352C134 320 140 280 138 240Z';
const ARMS = 'M57 90C46 96 42 110 38 130C34 152 28 176 20 212L31 216C42 186 50 164 55 142C59 128 62 116 62 104Z M143 90C154 96 158 110 162 130C166 152 172 176 180 212L169 216C158 186 150 164 145 142C141 128 138 116 138 104Z';
const HEAD = 'M100 8C114 8 120 18 120 32C120 48 112 62 100 62C88 62 80 48 80 32C80 18 86 8 100 8Z M17 214L31 218L28 240L18 238Z M183 214L169 218L172 240L182 238Z M77 447L96 447L97 460L72 460Z M104 447L123 447L128 460L103 460Z';
const BANDS: Record<string, { part: 'trunk' | 'legs' | 'arms'; from: number; to: number; side: 'l' | 'r' }> = {
  neck: { part: 'trunk', from: 60, to: 78, side: 'r' },
  shoulder: { part: 'trunk', from: 78, to: 98, side: 'l' },
  chest: { part: 'trunk', from: 104, to: 132, side: 'r' },
  underbust: { part: 'trunk', from: 134, to: 146, side: 'l' },
  waist: { part: 'trunk', from: 152, to: 182, side: 'r' },
  hip: { part: 'trunk', from: 200, to: 244, side: 'r' },
  hem: { part: 'trunk', from: 246, to: 262, side: 'l' },
  thigh: { part: 'legs', from: 266, to: 310, side: 'r' },
  knee: { part: 'legs', from: 338, to: 362, side: 'r' },
  inseam: { part: 'legs', from: 370, to: 396, side: 'l' },
  leg_hem: { part: 'legs', from: 424, to: 446, side: 'r' },
  biceps: { part: 'arms', from: 112, to: 146, side: 'l' },
  sleeve: { part: 'arms', from: 160, to: 188, side: 'l' },
  wrist: { part: 'arms', from: 198, to: 216, side: 'l' },
};

export function BodyHeat({ shares, label }: { shares: Share[]; label: string }) {
  const id = useId();
  const drawn = shares.filter((s) => BANDS[s.region]);
  // Labels on one side keep their distance.
  const at: Record<string, number> = {};
  for (const side of ['l', 'r'] as const) {
    let last = -100;
    for (const s of drawn.filter((d) => BANDS[d.region]!.side === side).sort((a, b) => BANDS[a.region]!.from - BANDS[b.region]!.from)) {
      const b = BANDS[s.region]!;
      last = at[s.region] = Math.max((b.from + b.to) / 2, last + 42);
    }
  }
  return (
    <svg class="body-heat" viewBox="-145 0 480 470" role="img" aria-label={label}>
      <defs>
        <clipPath id={`${id}trunk`}><path d={TRUNK} /></clipPath>
        <clipPath id={`${id}legs`}><path d={LEGS} /></clipPath>
        <clipPath id={`${id}arms`}><path d={ARMS} /></clipPath>
      </defs>
      {[LEGS, ARMS, TRUNK, HEAD].map((d) => <path key={d} d={d} class="figure" />)}
      {drawn.map((s) => {
        const b = BANDS[s.region]!, tight = s.tight >= s.loose, share = tight ? s.tight : s.loose;
        return <rect key={s.region} x="0" y={b.from} width="200" height={b.to - b.from} clip-path={`url(#${id}${b.part})`} class={share < 0.05 ? 'heat-right' : tight ? 'heat-tight' : 'heat-loose'} fill-opacity={share < 0.05 ? 0.55 : Math.min(1, 0.35 + share)} />;
      })}
      {drawn.map((s) => {
        const b = BANDS[s.region]!, right = b.side === 'r', y = at[s.region]!, edge = b.part === 'trunk' ? 134 : b.part === 'legs' ? 128 : 160, x = right ? edge : 200 - edge;
        const share = Math.max(s.tight, s.loose), word = share < 0.05 ? t('heat_legend_right') : s.tight >= s.loose ? t('heat_legend_tight') : t('heat_legend_loose');
        return (
          <g key={s.region}>
            <polyline points={`${x},${(b.from + b.to) / 2} ${right ? 192 : 8},${y} ${right ? 204 : -4},${y}`} class="leader" />
            <text x={right ? 208 : -8} y={y - 2} class="plot-label" text-anchor={right ? 'start' : 'end'}>{regionName(s.region)}</text>
            <text x={right ? 208 : -8} y={y + 14} class="plot-small" text-anchor={right ? 'start' : 'end'}>{share < 0.05 ? word : `${i18n.percent(share)} ${word}`}</text>
          </g>
        );
      })}
    </svg>
  );
}
