/** The files of an example, by their paths without the leading slash. */
export type Files = Readonly<Record<string, string>>

/** Lays an example into another surrounding; null where it has nothing of that kind. */
export type Lay = (files: Files) => Files | null

export const OPTIONS = '.auditrc'

/** The files of an example without the options of the program. */
export function entriesOf(files: Files): readonly (readonly [string, string])[] {
  return Object.entries(files).filter(([path]) => path !== OPTIONS)
}

export function optionsOf(files: Files): Files {
  const options = files[OPTIONS]
  return options === undefined ? {} : { [OPTIONS]: options }
}

/** True where all of it lies below `/etc`, as text that may stand in another file. */
export function isEtcAlone(files: Files): boolean {
  return entriesOf(files).every(
    ([path, text]) => path.startsWith('etc/') && !text.includes('-----BEGIN') && !text.includes('\0'),
  )
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function withLineEnd(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}

export function indented(text: string, columns: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(columns))
}

/** Changes the texts of some files; null where none of them is another then. */
export function ofFiles(
  isMeant: (path: string, text: string) => boolean,
  change: (text: string, path: string) => string,
): Lay {
  return files => {
    const laid = Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, isMeant(path, text) ? change(text, path) : text]),
    )
    return Object.keys(files).some(path => laid[path] !== files[path]) ? laid : null
  }
}
