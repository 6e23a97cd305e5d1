import type { Lay } from '../files.ts'
import { bare, type Entry, line, ofEntries, ofForests, words } from './trees.ts'

/** `servername`, `<virtualhost`. */
const smallNames = ofEntries(entry => {
  const small = entry.name.toLowerCase()
  return [
    {
      ...entry,
      text: entry.text.replace(entry.name, small),
      close: entry.close.replace(entry.name.slice(1), small.slice(1)),
    },
  ]
})

/** All behind the first word on the next line. */
const continued = ofEntries(entry => {
  const [first = '', ...rest] = entry.body === null ? words(entry.rest) : []
  if (rest.length === 0 || entry.name === 'LoadModule' || entry.text.includes('\\\n')) return [entry]
  return [{ ...entry, text: entry.text.replace(`${first} `, () => `${first} \\\n${entry.indent}        `) }]
})

const carriageReturns = ofForests(forest => forest.map(withCarriageReturns))

function withCarriageReturns(entry: Entry): Entry {
  return {
    ...entry,
    text: entry.text.replaceAll('\n', '\r\n'),
    body: entry.body?.map(withCarriageReturns) ?? null,
    close: entry.close.replace('\n', '\r\n'),
  }
}

const tabs = ofEntries(entry => [
  {
    ...entry,
    text: entry.text
      .replace(/^ +/, indent => '\t'.repeat(Math.ceil(indent.length / 4)))
      .replace(`${entry.name} `, () => `${entry.name}\t`),
    close: entry.close.replace(/^ +/, indent => '\t'.repeat(Math.ceil(indent.length / 4))),
  },
])

/** Directives whose words httpd itself cuts, and which people write with and without quotes. */
const QUOTED =
  /^(?:<?(?:Directory|Location|Files|Proxy)(?:Match)?|DocumentRoot|(?:Script)?Alias(?:Match)?|WSGIScriptAlias|ErrorLog|CustomLog|ServerName|ServerAlias|ProxyPass(?:Match|Reverse)?|Redirect(?:Match|Permanent)?|RewriteRule|RewriteCond|SSLCertificate\w+|SetHandler|AuthUserFile|AuthName|ErrorDocument|Header|AddHandler|AddType)$/

const quoted = ofEntries(entry =>
  withWords(entry, word =>
    /^["'[~!]|["'{}]|^%{|\\$|^[\w-]+-group=/.test(word) && !/^[^"'\s]*%\{\w+\}[^"'\s]*$/.test(word)
      ? word
      : `"${word}"`,
  ),
)

const unquoted = ofEntries(entry =>
  withWords(entry, word => (/^"[^\s"'\\#<>]+"$/.test(word) ? bare(word) : word)),
)

function withWords(entry: Entry, write: (word: string) => string): readonly Entry[] {
  if (!QUOTED.test(entry.name) || entry.text.includes('\\\n')) return [entry]
  if (words(entry.rest).join('').length !== entry.rest.replace(/\s+/g, '').length) return [entry]
  if (/['#]/.test(entry.rest) || (entry.rest.match(/"/g) ?? []).length % 2 !== 0) return [entry]
  const rest = words(entry.rest)
    .map(word => (word.includes('"') && !/^"[^"]*"$/.test(word) ? word : write(word)))
    .join(' ')
  return [{ ...entry, text: entry.text.replace(entry.rest, () => rest) }]
}

/** `Header set` for answers of every status. */
const headerAlways = ofEntries(entry =>
  entry.name === 'Header' && /^(?:set|append|add|unset|merge)\b/.test(entry.rest)
    ? [line(entry.indent, 'Header', `always ${entry.rest}`)]
    : [entry],
)

/** A host name of several on each line. */
const aliasLines = ofEntries(entry =>
  entry.name === 'ServerAlias' && words(entry.rest).length > 1
    ? words(entry.rest).map(name => line(entry.indent, 'ServerAlias', name))
    : [entry],
)

/** `_default_:443` */
const defaultAddress = ofEntries(entry =>
  entry.name === '<VirtualHost' && /^\*:\d+$/.test(entry.rest)
    ? [{ ...entry, text: entry.text.replace('*:', '_default_:') }]
    : [entry],
)

/** `ServerName example.org:443`, of a host on that port. */
const serverNamePort = ofEntries((entry, around) => {
  const port = /^[^:]+:(\d+)$/.exec(around.at(-1)?.rest ?? '')?.[1]
  const isPlain = entry.name === 'ServerName' && /^[\w.-]+$/.test(entry.rest)
  return isPlain && around.at(-1)?.name === '<VirtualHost' && port !== undefined
    ? [line(entry.indent, 'ServerName', `${entry.rest}:${port}`)]
    : [entry]
})

/** `<Files ~ "\.php$">` for `<FilesMatch>`, and the reverse. */
const tildeSections = ofEntries(entry => {
  const [, kind, isMatch] = /^<(Directory|Location|Files)(Match)?$/.exec(entry.name) ?? []
  if (kind === undefined) return [entry]
  if (isMatch !== undefined)
    return [
      {
        ...entry,
        text: entry.text.replace(/<\w+\s+/, `<${kind} ~ `),
        close: entry.close.replace('Match', ''),
      },
    ]
  if (!/^~\s/.test(entry.rest)) return [entry]
  return [
    {
      ...entry,
      text: entry.text.replace(/<\w+\s+~\s+/, `<${kind}Match `),
      close: entry.close.replace(kind, `${kind}Match`),
    },
  ]
})

/** `ServerSignature` and the like are `Off`, `off` and `OFF`. */
const capitalSwitches = ofEntries(entry =>
  /^(?:on|off)$/i.test(entry.rest) && entry.body === null
    ? [
        line(
          entry.indent,
          entry.name,
          entry.rest === 'On' ? 'ON' : entry.rest === 'on' ? 'On' : entry.rest.toUpperCase(),
        ),
      ]
    : [entry],
)

/** Where letters, blanks and quotes stand in Apache's files. */
export const apacheTexts: Readonly<Record<string, Lay>> = {
  apacheSmallNames: smallNames,
  apacheContinued: continued,
  apacheCarriageReturns: carriageReturns,
  apacheTabs: tabs,
  apacheQuoted: quoted,
  apacheUnquoted: unquoted,
  apacheHeaderAlways: headerAlways,
  apacheAliasLines: aliasLines,
  apacheDefaultAddress: defaultAddress,
  apacheServerNamePort: serverNamePort,
  apacheTildeSections: tildeSections,
  apacheCapitalSwitches: capitalSwitches,
}
