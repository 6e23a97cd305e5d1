import { distance } from 'fastest-levenshtein'
import { recent } from '../../parsers/collections/recent.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace, writtenText } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { servedHtaccess, virtualHost } from '../_examples.ts'
import { headersSet } from './_set-headers.ts'

const nginx = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

export default defineRule({
  summary: 'The name of a response header is misspelt, so browsers do not heed it',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'A browser passes over a header that it does not know: whoever wrote the line believes in a protection, or a permission, that no response carries.',
  remedy: 'Write the name of the header as its specification does',
  references: ['https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers'],
  bad: [
    {
      title: 'a colon behind the name',
      files: { 'nginx.conf': nginx('add_header «X-Robots-Tag:» noindex;') },
    },
    {
      title: 'a word lost',
      files: { 'nginx.conf': nginx('add_header «X-Content-Options» nosniff;') },
    },
    {
      title: 'a letter too few, which is right in another header',
      files: { 'nginx.conf': nginx('add_header «Referer-Policy» same-origin always;') },
    },
    {
      title: 'by headers-more',
      files: { 'nginx.conf': nginx('more_set_headers «"X-Frames-Options: DENY"»;') },
    },
    {
      title: 'a plural in Apache',
      files: { 'site.conf': virtualHost('Header always set «X-Frames-Options» "DENY"') },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        Header set «X-Frame-Option» "DENY"
      `),
    },
  ],
  good: [
    {
      title: 'as the specifications have them',
      files: {
        'nginx.conf': nginx(conf`
          add_header X-Content-Type-Options nosniff;
          add_header Referrer-Policy same-origin always;
        `),
      },
    },
    {
      title: 'names of their own, and old ones that browsers had',
      files: {
        'nginx.conf': nginx(conf`
          add_header X-Content-Security-Policy "default-src 'self'";
          add_header X-Cache-Control-Policy short;
          add_header Content-Security-Policy-Report-Only "default-src 'self'";
          add_header Feature-Policy "camera 'none'";
          add_header Cross-Origin-Opener-Policy same-origin;
          add_header Cross-Origin-Embedder-Policy require-corp;
        `),
      },
    },
    {
      title: 'beside the right one',
      files: {
        'nginx.conf': nginx(conf`
          add_header X-Content-Options nosniff;
          add_header X-Content-Type-Options nosniff;
        `),
      },
    },
    {
      title: 'in Apache',
      files: { 'site.conf': virtualHost('Header always set X-Frame-Options "DENY"') },
    },
  ],
  *check(deployment) {
    yield* withColon(deployment)
    for (const lines of headersSet(deployment)) {
      const misspelt = lines.filter(({ name }) => meantBy(name) !== null)
      if (misspelt.length === 0) continue
      const names = new Set(lines.map(({ name }) => name.toLowerCase()))
      for (const { name, nameAt: at } of misspelt) {
        const meant = meantBy(name)
        if (meant === null || names.has(meant.toLowerCase())) continue
        yield {
          at,
          message: `browsers know no header \`${name}\`: \`${meant}\` is the one that they heed`,
          ...propose(`Write ${meant}`, 'unsafe', [writtenText(at) === name ? replacePlace(at, meant) : null]),
        }
      }
    }
  },
})

/** nginx puts a colon behind the name by itself. */
function* withColon({ nginx }: Deployment): Iterable<RuleFinding> {
  for (const line of nginx.flatMap(({ occurrences }) => occurrences.get('add_header') ?? [])) {
    const name = line.args[0]?.value ?? ''
    const right = /^([A-Za-z][\w-]*):$/.exec(name)?.[1]
    if (right === undefined) continue
    const at = argumentPlace(line, 0)
    yield {
      at,
      message: `nginx puts a colon behind the name by itself and sends \`${name}: …\`, so clients get \`${right}\` with a value that begins with \`: \``,
      ...propose(`Write ${right}`, 'unsafe', [writtenText(at) === name ? replacePlace(at, right) : null]),
    }
  }
}

/** What browsers act on, with names too long to be met by chance. */
const KNOWN = [
  'Access-Control-Allow-Credentials',
  'Access-Control-Allow-Headers',
  'Access-Control-Allow-Methods',
  'Access-Control-Allow-Origin',
  'Access-Control-Expose-Headers',
  'Access-Control-Max-Age',
  'Content-Disposition',
  'Content-Security-Policy',
  'Content-Security-Policy-Report-Only',
  'Cross-Origin-Embedder-Policy',
  'Cross-Origin-Opener-Policy',
  'Cross-Origin-Resource-Policy',
  'Permissions-Policy',
  'Referrer-Policy',
  'Strict-Transport-Security',
  'X-Content-Type-Options',
  'X-Frame-Options',
  'X-XSS-Protection',
]

/** Other names for what they mean that are more than a slip of the finger. */
const MISTAKEN: Readonly<Record<string, string>> = {
  'x-content-options': 'X-Content-Type-Options',
  'x-content-type': 'X-Content-Type-Options',
  'content-type-options': 'X-Content-Type-Options',
  'frame-options': 'X-Frame-Options',
  'strict-transport-policy': 'Strict-Transport-Security',
  'strict-transport': 'Strict-Transport-Security',
  'x-strict-transport-security': 'Strict-Transport-Security',
  'x-referrer-policy': 'Referrer-Policy',
  'x-permissions-policy': 'Permissions-Policy',
  'xss-protection': 'X-XSS-Protection',
  'access-control-allow-header': 'Access-Control-Allow-Headers',
  'access-control-allow-method': 'Access-Control-Allow-Methods',
}

/** Headers of their own, or of browsers of old, that are nearly one of those. */
const OTHERS: ReadonlySet<string> = new Set(['x-content-security-policy'])

/** The header that a name was meant to be; null where it is one, or one of its own. */
const meantBy = recent((name: string): string | null => {
  const lowered = name.toLowerCase()
  if (OTHERS.has(lowered)) return null
  if (Object.hasOwn(MISTAKEN, lowered)) return MISTAKEN[lowered] ?? null
  if (KNOWN.some(known => known.toLowerCase() === lowered)) return null
  return KNOWN.find(known => distance(lowered, known.toLowerCase()) <= 2) ?? null
})
