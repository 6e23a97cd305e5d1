import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { PcreSequence, PcreTree } from '../../parsers/pcre/tree.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { isAnchoredAtStart, mustHold } from '../../src/servers/pcre/pattern-facts.ts'
import { optionalBeforeQuery } from '../../src/servers/pcre/optional-before-query.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  )

export default defineRule({
  summary:
    'A pattern for the path of the URL asks for its query, its host or encoded characters, or lacks its first slash',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`location` and `rewrite` compare the path alone, decoded, without the scheme, the host and the query: of `/Our%20Plan` they see a blank. A path begins with a slash, which Apache takes away in `.htaccess` and nginx does not. A pattern with `?`, `http://` or `%20` in it, or one such as `^old/`, never matches, and the line does nothing.',
  remedy:
    'Ask for the query by `if ($arg_id)` or a `map` of `$args`, and for the host by a server of its own; begin with `^/`; write `"^/Our Plan$"` with the character itself',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'the query in a location',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ «^/search\?q=» {
              return 410;
          }
        `),
      },
    },
    {
      title: 'the query in a rewrite',
      files: { 'etc/nginx/nginx.conf': nginx('rewrite «^/page\\.php\\?id=(\\d+)$» /page/$1 permanent;') },
    },
    {
      title: 'the query, whose question mark makes a letter optional',
      files: {
        'etc/nginx/nginx.conf': nginx('rewrite «^/page.php?id=42$» /pages/lamp permanent;'),
      },
    },
    {
      title: 'scheme and host',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'rewrite «^https?://example.org/(.*)$» https://www.example.org/$1 permanent;',
        ),
      },
    },
    {
      title: 'a query behind a prefix',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location = «/index.php?page=7» {
              return 410;
          }
        `),
      },
    },
    {
      title: 'a rule of Apache, without the first slash',
      files: { 'etc/nginx/nginx.conf': nginx('rewrite «^old-shop/(.*)$» /shop/$1 permanent;') },
    },
    {
      title: 'a location without the first slash',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ «^(?:old|former)-shop/» {
              return 410;
          }
        `),
      },
    },
    {
      title: 'a blank as a browser sends it',
      files: { 'etc/nginx/nginx.conf': nginx('rewrite «^/Our%20Plan/?$» /plan permanent;') },
    },
    {
      title: 'an encoded letter of a plain location',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location = «/caf%C3%A9» {
              return 410;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the character itself, and encoded ones in a redirect, in one alternative and against attacks',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          rewrite "^/Our Plan/?$" /plan permanent;
          rewrite ^/The\ Plan/?$ https://example.com/our%20plan permanent;
          rewrite ^/(?:our|my)(?:-|%20)plan$ /plan permanent;
          rewrite ^/100%/(.*)$ /all/$1 permanent;
          location ~ (%2e|%2f)%2e {
              return 410;
          }
          location ~ ^/twice%2520encoded$ {
              return 410;
          }
        `),
      },
    },
    {
      title: 'a path that is written so elsewhere, which nginx does not decode',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          rewrite ^/plan$ /our%20plan last;
          location = /our%20plan {
              return 410;
          }
        `),
      },
    },
    {
      title: 'a quantifier where no pattern stands',
      files: { 'etc/nginx/nginx.conf': nginx('location = /feed/?$ { return 301 /feed; }') },
    },
    {
      title: 'what was to be the replacement, as a flag stands in its place',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name old.example.org;
              rewrite https://example.org permanent;
          }
        `,
      },
    },
    {
      title: 'the path, and a condition on the query',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location = /search {
              if ($arg_q) {
                  return 410;
              }
          }
          location ~ ^/pages?/(?:\?.*)?$ {
              return 410;
          }
          rewrite ^/https?/(.*)$ /$1 permanent;
          rewrite old-shop/(.*)$ /shop/$1 permanent;
          rewrite ^/?older-shop/(.*)$ /shop/$1 permanent;
          rewrite ^(?:/|$)oldest-shop /shop/ permanent;
          rewrite ^[/]first-shop /shop/ permanent;
          rewrite ^/colou?rs/a=b$ /shop/ permanent;
        `),
      },
    },
    {
      title: 'a path that was made of the whole URI, query and all',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /via/ {
              rewrite ^ $request_uri;
              rewrite ^/via/(.*)$ $1;
              rewrite ^https?://files\.example\.org/get\?id=(\w+)$ /files/$1 break;
          }
        `),
      },
    },
    {
      title: 'a placeholder that brings the path, or nothing',
      files: {
        'conf/nginx.conf': conf`
          location ~ ^__PATH__/(?<rest>.*) {
              proxy_pass http://127.0.0.1:8000/$rest;
          }
        `,
      },
    },
    {
      title: 'a path that lost its slash',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          rewrite ^/former/(.*)$ $1;
          rewrite ^shop/(.*)$ /shops/$1 last;
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      for (const location of occurrences.get('location') ?? []) {
        const { modifier, name } = readLocation(location)
        if (modifier === '@' || isUnknownWord(name)) continue
        const isPattern = modifier === '~' || modifier === '~*'
        const part = isPattern
          ? foreignPart(configuration, name)
          : name.startsWith('/') && name.includes('?') && !name.endsWith('?$')
            ? 'query'
            : encodedInPrefix(configuration, name)
              ? 'encoded'
              : null
        if (part !== null)
          yield {
            at: argumentPlace(location, location.args.length - 1),
            message: messageOf('location', part),
          }
      }
      for (const rewrite of occurrences.get('rewrite') ?? []) {
        const [pattern = '', replacement = ''] = rewrite.args.map(({ value }) => value)
        // A flag in place of the path is told as such: what stands here is the path.
        if (/^(?:last|break|redirect|permanent)$/.test(replacement)) continue
        const part = isUnknownWord(pattern) ? null : foreignPart(configuration, pattern)
        if (part !== null) yield { at: argumentPlace(rewrite, 0), message: messageOf('rewrite', part) }
      }
    }
  },
})

type Part = 'query' | 'optional' | 'host' | 'encoded' | 'no slash'

function foreignPart(configuration: NginxConfiguration, pattern: string): Part | null {
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null) return null
  const isOfPath = !makesPathOfQuery(configuration)
  if (isOfPath && /^\^?\(?(?:\?:)?https?\??:(?:\/|\\\/){2}/i.test(pattern)) return 'host'
  if (isOfPath && mustHold(tree, 63)) return 'query'
  if (isOfPath && optionalBeforeQuery(tree) !== null) return 'optional'
  if (isOfPath && isAnchoredAtStart(tree) && holdsEncoded(tree) && !writesEncoded(configuration))
    return 'encoded'
  return isAnchoredAtStart(tree) && beginsWithoutSlash(tree.alternatives) && !losesSlash(configuration)
    ? 'no slash'
    : null
}

/** True of a location for one path, or its beginning, that is written as browsers send it. */
function encodedInPrefix(configuration: NginxConfiguration, name: string): boolean {
  return name.startsWith('/') && /%(?!25)[0-9a-f]{2}/i.test(name) && !writesEncoded(configuration)
}

/** True where every match holds an encoded character, such as `%20`; `%25` may be what is left of one encoded twice. */
function holdsEncoded({ alternatives: [only, ...others] }: PcreTree): boolean {
  if (only === undefined || others.length > 0) return false
  const text = only.items
    .map(item => (item.kind === 'literal' ? String.fromCodePoint(item.code) : '\n'))
    .join('')
  return /%(?!25)[0-9a-f]{2}/i.test(text)
}

/** True where some line makes a path with encoded characters, which nginx does not decode then. */
const writesEncoded = memo(({ occurrences }: NginxConfiguration): boolean =>
  ['rewrite', 'try_files', 'error_page'].some(name =>
    (occurrences.get(name) ?? []).some(({ args }) =>
      args.some(
        ({ value }, index) =>
          /%[0-9a-f]{2}/i.test(value) &&
          !/^(?:https?:|\$scheme)/.test(value) &&
          !(name === 'rewrite' && (index === 0 || /^(?:redirect|permanent)$/.test(args[2]?.value ?? ''))),
      ),
    ),
  ),
)

/** True where every match begins with some letter that is no slash. */
function beginsWithoutSlash(alternatives: readonly PcreSequence[]): boolean {
  return alternatives.every(({ items }) => {
    const first = items.find(({ kind }) => kind !== 'assertion' && kind !== 'callout')
    if (first?.kind === 'group') return beginsWithoutSlash(first.alternatives)
    return first?.kind === 'literal' && first.code !== 47
  })
}

/** True where some line makes a path that does not begin with a slash, or may. */
const losesSlash = memo(({ occurrences }: NginxConfiguration): boolean => {
  const rewrites = (occurrences.get('rewrite') ?? []).filter(
    ({ args }) => !/^(?:redirect|permanent)$/.test(args[2]?.value ?? ''),
  )
  const fallbacks = (occurrences.get('try_files') ?? []).filter(
    ({ args }) => !/^[@=]/.test(args.at(-1)?.value ?? ''),
  )
  return (
    rewrites.some(({ args }) => !/^(?:\/|https?:|\$scheme)/.test(args[1]?.value ?? '')) ||
    fallbacks.some(({ args }) => !args.at(-1)?.value.startsWith('/'))
  )
})

/**
 * True where some `rewrite` makes a path of what holds the query, or anything else that a client sends: nginx looks for
 * a `?` in what is written there, and not in what a variable brings.
 */
const makesPathOfQuery = memo(({ occurrences }: NginxConfiguration): boolean =>
  (occurrences.get('rewrite') ?? []).some(({ args: [, replacement, flag] }) => {
    const path = replacement?.value.replace(/\?.*$/s, '') ?? ''
    if (/^(?:redirect|permanent)$/.test(flag?.value ?? '') || /^(?:https?:|\$scheme)/.test(path)) return false
    return variableNames(path).some(name => !OF_PATH.test(name))
  }),
)

const OF_PATH = /^(?:\d|uri|document_uri|document_root|host|hostname|scheme|server_\w+|request_method)$/

function messageOf(name: string, part: Part): string {
  if (part === 'no slash')
    return `\`${name}\` compares a path, which begins with a slash, so this pattern never matches`
  if (part === 'optional')
    return `\`${name}\` compares the path without its query, and \`?\` makes the letter before it optional here, so this pattern never matches such a URL`
  if (part === 'encoded')
    return `\`${name}\` compares the decoded path, which has the character itself in place of its \`%\` and two digits, so this pattern never matches`
  return part === 'query'
    ? `\`${name}\` compares the path without its query, so \`?\` never matches`
    : `\`${name}\` compares the path alone, so a pattern for scheme and host never matches`
}
