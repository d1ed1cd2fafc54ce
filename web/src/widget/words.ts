// The widget's own few words. The fitting room has its own, much longer, files.
interface Words {
  button: string;
  title: string;
  close: string;
  loading: string;
}

const all: Record<string, [string, string, string, string]> = {
  en: ['Find my size', 'Fitting room', 'Close the fitting room', 'Opening the fitting room …'],
  de: ['Meine Größe finden', 'Umkleide', 'Umkleide schließen', 'Die Umkleide öffnet sich …'],
  es: ['Encontrar mi talla', 'Probador', 'Cerrar el probador', 'Abriendo el probador…'],
  fr: ['Trouver ma taille', 'Cabine d’essayage', 'Fermer la cabine d’essayage', 'Ouverture de la cabine d’essayage…'],
  ja: ['サイズを見つける', '試着室', '試着室を閉じる', '試着室を開いています…'],
};

export function words(language: string): Words {
  const [button, title, close, loading] = all[language.slice(0, 2).toLowerCase()] ?? all.en!;
  return { button, title, close, loading };
}
