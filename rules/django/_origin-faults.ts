/** What to do about an entry that is empty. */
export const LEFT_OUT = 'Leave out what is empty: `[origin for origin in … if origin]`'

/** What the check of django-cors-headers says of an origin; null where it says nothing. */
export function refusalOf(origin: string) {
  if (origin === 'null' || origin === 'file://') return null
  const [, scheme, host = '', rest] = /^(\w[\w+.-]*:\/\/)?([^/?#]*)(.*)$/s.exec(origin) ?? []
  if (scheme !== undefined && host !== '' && rest === '') return null
  const lacks = scheme === undefined || host === ''
  return {
    text: lacks
      ? 'has no scheme, so it allows nothing, and `manage.py` stops: (corsheaders.E013)'
      : 'has something behind the name, so `manage.py` stops: (corsheaders.E014)',
    label: lacks ? 'no scheme' : 'no origin',
    instead: host !== '' && host !== '*' ? `${scheme ?? 'https://'}${host}` : null,
  }
}

/** Django looks for `://` in each entry of its own list. */
export function noText(name: string): string | null {
  return name === 'CSRF_TRUSTED_ORIGINS'
    ? "and Django does not start: TypeError: argument of type 'NoneType' is not iterable"
    : null
}

interface Fault {
  /** True for what the check of Django refuses. */
  readonly isFatal: boolean
  readonly text: string
  readonly instead: string | null
}

/** What is wrong with an entry of CSRF_TRUSTED_ORIGINS; null where nothing is. */
export function faultOf(origin: string): Fault | null {
  if (!origin.includes('://')) {
    const instead =
      /^[\w.*:-]+$/.test(origin) && origin !== '*' ? `https://${origin.replace(/^\./, '*.')}` : null
    return { isFatal: true, text: 'has no scheme, so Django refuses it and trusts nothing by it', instead }
  }
  const [scheme = '', rest = ''] = origin.split('://')
  const host = rest.replace(/\/.*$/, '')
  if (host !== rest)
    return {
      isFatal: false,
      text: 'has something behind the name, which no `Origin` of a browser has',
      instead: `${scheme}://${host}`,
    }
  // Django takes the asterisks in front away, and asks for what is left: a name with a dot in front, or itself.
  const [, only] = /^\*+([^.*][^*]*)$/.exec(host) ?? []
  if (only !== undefined)
    return {
      isFatal: false,
      text: `stands for \`${only}\` alone, and for no name below it`,
      instead: `${scheme}://*.${only}`,
    }
  if (host.includes('*') && !/^\*+\.[^*]+$/.test(host))
    return {
      isFatal: false,
      text: 'matches no name: `*` stands for names below one, as in `https://*.example.org`',
      instead: null,
    }
  return null
}

/** What `"".split(",")` gives is a list of one text, and that is empty. */
export function shown(origin: string): string {
  return origin === '' ? 'an empty text' : `\`${origin}\``
}
