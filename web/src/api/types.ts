// What the API sends (server/api/openapi.json), as far as the pages use it.
export interface Guest { token: string; user_id: string; expires_at: string }
export interface Measurement { value_cm: number; sd_cm: number; lo_cm: number; hi_cm: number; source: 'photo' | 'prior' | 'tape' }
export type Measurements = Record<string, Measurement>;
export type Sex = 'female' | 'male';
export interface Answers { height_cm?: number; weight_kg?: number; sex?: Sex; age?: number; tape?: Record<string, number> }
export interface VerdictItem { code?: string; message?: string; severity?: string }
export interface Avatar {
  id: string;
  status: 'pending' | 'processing' | 'ready' | 'failed';
  progress: number;
  failure: string | null;
  answers: Answers;
  measurements: Measurements | null;
  mode: string | null;
  verdict: (VerdictItem | string)[] | null;
  files: Record<string, string>;
  job_id: string | null;
  created_at: string;
  updated_at: string;
}
export interface AvatarEvent { id: string; status: Avatar['status']; progress: number; failure: string | null }
export interface AvatarChange { height_cm?: number; weight_kg?: number | null; sex?: Sex | null; age?: number | null; tape?: Record<string, number | null> }

export type Category = 'tshirt' | 'shirt' | 'dress' | 'skirt' | 'trousers' | 'hoodie';
export interface EmbedGarment {
  id: string;
  name: string;
  category: Category | null;
  fabric: string | null;
  product_id: string | null;
  sizes: string[];
}
// What a page may know of a brand before anyone has signed in (GET /v1/embed).
export interface Embed {
  brand: { id: string; name: string };
  origins: string[]; // pages that may frame the fitting room and talk to it
  context: string; // sent as X-TryOn-Key: says for which brand a shopper acts
  garment: EmbedGarment | null; // null: this product cannot be tried on
}

export type DrapeStatus = 'none' | 'pending' | 'processing' | 'ready' | 'failed';
export interface Drape {
  status: DrapeStatus;
  glb_url: string | null; // avatar and garment
  garment_url: string | null; // the garment alone
  bin_url: string | null; // drape.bin: this size on the mesh of any garment_url; null when the sizes do not share one
  quality: Record<string, unknown> | null;
  failure: string | null;
}
export type FitClass = 'cannot_wear' | 'too_tight' | 'fitted' | 'relaxed' | 'loose';
export interface FitRegion {
  region: string;
  garment_cm: number;
  body_cm: number;
  ease_cm: number;
  ease_pct: number;
  sd_cm: number;
  least_cm: number;
  ideal_cm: number;
  most_cm: number;
  class: FitClass;
  probability: number;
  source: string;
}
export interface FitSize { score: number; probability: number; class: FitClass; says: string; worst_region: string; regions: FitRegion[] }
// fit.json
export interface Fit {
  recommended: string | null;
  runner_up: string | null;
  between_sizes: boolean;
  order?: string[];
  sizes: Record<string, FitSize>;
}
export interface Tryon {
  id: string;
  avatar_id: string | null;
  garment_id: string | null;
  brand_id: string | null;
  selected_size: string | null;
  fit: Fit | null;
  drape: { status: DrapeStatus; url: string | null };
  drapes: Record<string, Drape>;
  created_at: string;
  updated_at: string;
}
