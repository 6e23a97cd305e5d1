import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (head: string, lines: string): string =>
  nginxMain(conf`
    map ${head} $answer {
        default no;
        ${lines}
    }
    ${nginxServer('return 200 $answer;')}
  `)

export default defineRule({
  summary: 'An entry of a `map` that nothing matches',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `~` nginx compares the whole text with the entry. A pattern that is written as a plain text is equal to nothing, and the default holds.',
  remedy: 'Begin a regular expression with `~`, or `~*` for any case, and write a plain text as it is sent',
  references: ['https://nginx.org/en/docs/http/ngx_http_map_module.html#map'],
  bad: [
    {
      title: 'a pattern without its sign',
      files: { 'etc/nginx/nginx.conf': nginx('$uri', '«^/api/.*» yes;') },
    },
    {
      title: 'the wildcard of a shell',
      files: { 'etc/nginx/nginx.conf': nginx('$uri', '«*.css» yes;') },
    },
    {
      title: 'a part of what a program calls itself',
      files: { 'etc/nginx/nginx.conf': nginx('$http_user_agent', '«Googlebot» yes;') },
    },
    {
      title: 'an origin without its scheme',
      files: { 'etc/nginx/nginx.conf': nginx('$http_origin', '«app.example.org» yes;') },
    },
    {
      title: 'a path without its slash',
      files: { 'etc/nginx/nginx.conf': nginx('$request_uri', '«old-page» yes;') },
    },
    {
      title: 'the wildcard of a media type',
      files: { 'etc/nginx/nginx.conf': nginx('$sent_http_content_type', '«image/*» yes;') },
    },
  ],
  good: [
    {
      title: 'media types',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$sent_http_content_type',
          conf`
            text/css yes;
            ~image/ yes;
            "" no;
          `,
        ),
      },
    },
    {
      title: 'a regular expression',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$uri',
          conf`
            ~^/api/ yes;
            ~\.css$ yes;
            /robots.txt yes;
          `,
        ),
      },
    },
    {
      title: 'origins as browsers send them',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$http_origin',
          conf`
            https://app.example.org yes;
            null yes;
            "" yes;
          `,
        ),
      },
    },
    {
      title: 'names that a program may have alone',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$http_user_agent',
          conf`
            - yes;
            "" yes;
            node yes;
            "curl/8.5.0" yes;
          `,
        ),
      },
    },
    {
      title: 'texts of another variable',
      files: { 'etc/nginx/nginx.conf': nginx('$cookie_lang', 'old-page yes;') },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const map of occurrences.get('map') ?? []) {
        const source = map.args[0]?.value ?? ''
        const kind = KINDS.get(source.replace(/[{}]/g, ''))
        if (kind === undefined) continue
        if (map.source.template || map.children.some(({ name }) => name === 'hostnames')) continue
        for (const entry of map.children) {
          const { name, args } = entry
          if (args.length !== 1 || SPECIAL.has(name) || isUnknownWord(name) || /^(?:~|\\)/.test(name))
            continue
          const reason = kind(name)
          if (reason === null) continue
          const at = namePlace(entry)
          yield {
            at,
            message: `\`${name}\` is compared as a plain text, and ${reason}`,
            related: [{ at: argumentPlace(map, 0), message: 'what is compared' }],
            ...(PATTERN.test(name) && !/["' ]/.test(name)
              ? propose('Compare by a regular expression', 'unsafe', [replacePlace(at, `~${name}`)])
              : {}),
          }
        }
      }
    }
  },
})

const SPECIAL: ReadonlySet<string> = new Set(['default', 'include', 'volatile', 'hostnames'])

/** What nobody writes in a plain text. */
const PATTERN = /^\^|\.\*|\.\+|\\[.dw/]|\(\?|[^$]\$$|^\(.*\|.*\)/

/** Why no value of a variable is equal to an entry; null where one may be. */
type Judge = (key: string) => string | null

const path: Judge = key => {
  if (PATTERN.test(key)) return 'no path is equal to it: a regular expression begins with `~`'
  if (key.includes('*')) return 'no path holds a `*` where this one does'
  return key !== '' && !key.startsWith('/') ? 'every path begins with a slash' : null
}

const origin: Judge = key => {
  if (PATTERN.test(key)) return 'no origin is equal to it: a regular expression begins with `~`'
  if (key.includes('*')) return 'no origin holds a `*`'
  if (/^https?:\/\/[^/]+\/$/i.test(key)) return 'no origin ends in a slash'
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?$/i.test(key) ? 'every origin begins with its scheme' : null
}

const agent: Judge = key => {
  if (PATTERN.test(key) || /^\*|\*$/.test(key))
    return 'no program calls itself so: a regular expression begins with `~`'
  return /^[a-z-]*(?:bot|spider|crawler)$|^(?:curl|wget)$/i.test(key)
    ? 'programs send more than that, such as a version'
    : null
}

const mediaType: Judge = key => {
  if (PATTERN.test(key) || key.includes('*'))
    return 'no media type is equal to it: a regular expression begins with `~`'
  return /^[a-z0-9]+$/i.test(key) ? 'every media type has a slash' : null
}

const cookies: Judge = key => (key !== '' && !key.includes('=') ? 'cookies are sent as `name=value`' : null)

const KINDS: ReadonlyMap<string, Judge> = new Map([
  ['$uri', path],
  ['$request_uri', path],
  ['$document_uri', path],
  ['$http_origin', origin],
  ['$http_user_agent', agent],
  ['$http_cookie', cookies],
  ['$sent_http_content_type', mediaType],
  ['$upstream_http_content_type', mediaType],
])
