// The device's camera, how it is held, and pictures small enough to send over a slow line.
const LONG_SIDE = 2048; // what the server measures on; more is thrown away there
export const MOST_BYTES = 25 << 20;

export type Facing = 'user' | 'environment';

export async function openCamera(facing: Facing): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: facing, width: { ideal: 1920 }, height: { ideal: 1920 } } });
}
export const closeCamera = (stream: MediaStream | null): void => stream?.getTracks().forEach((t) => t.stop());

function toJpeg(source: CanvasImageSource, width: number, height: number): Promise<Blob | null> {
  const scale = Math.min(1, LONG_SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext('2d')?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
}

export const grab = (video: HTMLVideoElement): Promise<Blob | null> => toJpeg(video, video.videoWidth, video.videoHeight);

// A file made smaller; as it is when the browser cannot read it (HEIC) or it is small already.
export async function prepare(file: File): Promise<Blob | 'too-large' | 'not-image'> {
  if (file.size > MOST_BYTES) return 'too-large';
  if (file.type && !file.type.startsWith('image/')) return 'not-image';
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const small = Math.max(picture.width, picture.height) <= LONG_SIDE && file.size < 3 << 20;
    const out = small ? file : await toJpeg(picture, picture.width, picture.height);
    picture.close();
    return out ?? file;
  } catch {
    return /\.(heic|heif)$/i.test(file.name) || /hei[cf]/.test(file.type) ? file : 'not-image';
  }
}

// Calls back with how far the phone leans from upright, in degrees; never when there is no sensor. iOS asks first, and
// only after a tap.
export async function watchTilt(on: (degrees: number) => void): Promise<() => void> {
  const kind = window.DeviceOrientationEvent as unknown as { requestPermission?: () => Promise<string> } | undefined;
  if (!kind) return () => undefined;
  try {
    if (kind.requestPermission && (await kind.requestPermission()) !== 'granted') return () => undefined;
  } catch {
    return () => undefined;
  }
  const hear = (e: DeviceOrientationEvent) => {
    if (e.beta === null || e.gamma === null) return;
    on(Math.max(Math.abs(Math.abs(e.beta) - 90), Math.min(Math.abs(e.gamma), Math.abs(90 - Math.abs(e.gamma)))));
  };
  addEventListener('deviceorientation', hear);
  return () => removeEventListener('deviceorientation', hear);
}
