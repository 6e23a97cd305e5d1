import type { Place, Source } from '../text/source.ts'

/** A line that the reader of an application refuses, and with it the whole file. */
export interface DotenvFault {
  readonly at: Place
  /** In the words of the reader. */
  readonly said: string
}

/** Readers of PHP are strict: `vlucas/phpdotenv` is that of Laravel, `symfony/dotenv` that of Symfony. */
export type DotenvReader = 'phpdotenv' | 'symfony'

/** The first line of a `.env` file that a reader of PHP refuses; null where it takes all that is surely read here. */
export function dotenvFault(source: Source, reader: DotenvReader): DotenvFault | null {
  const { code } = source
  for (let at = 0; at < code.length; ) {
    const end = code.indexOf('\n', at)
    const line = code.slice(at, end === -1 ? code.length : end).replace(/\r$/, '')
    const [, head = '', name = '', value = ''] = /^(\s*(?:export\s+)?([\w.-]+)\s*=)(.*)$/.exec(line) ?? []
    // A value of several lines is left to the reader.
    if (/^\s*(["'])(?:\\.|(?!\1).)*$/.test(value)) return null
    const found = name === '' ? null : (reader === 'phpdotenv' ? ofPhpdotenv : ofSymfony)(value)
    if (found !== null) {
      const start = at + head.length + found.index
      return { at: { source, start, end: start + found.length }, said: found.said }
    }
    if (end === -1) return null
    at = end + 1
  }
  return null
}

interface Found {
  readonly index: number
  readonly length: number
  readonly said: string
}

/** Behind the first blank of a plain value, and behind a closing quote, a comment alone may stand. */
function ofPhpdotenv(value: string): Found | null {
  const written = value.trim()
  const isRefused =
    /^[^\s"'#][^\s#]*\s+[^\s#]/.test(written) ||
    /^"(?:\\.|[^"\\])*"\s*[^\s#]/.test(written) ||
    /^'[^']*'\s*[^\s#]/.test(written)
  if (!isRefused) return null
  return {
    index: value.indexOf(written),
    length: written.length,
    said: `Encountered unexpected whitespace at [${written}]`,
  }
}

/** What is put together of quoted parts and variables is taken with its blanks. */
function ofSymfony(value: string): Found | null {
  const plain = value.replace(/\s+#.*$/, '').trimEnd()
  if (/["'$`\\]/.test(plain) || !/\S\s+\S/.test(plain)) return null
  const index = plain.search(/\S/)
  return {
    index,
    length: plain.length - index,
    said: 'A value containing spaces must be surrounded by quotes',
  }
}
