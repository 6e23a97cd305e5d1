import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { type FilledInPath, filledInPaths } from './_filled-in-paths.ts'

const app = (lines: string): Record<string, string> => ({
  'conf/nginx.conf': conf`
    location __PATH__ {
        proxy_pass http://127.0.0.1:__PORT__;
        ${lines}
    }
  `,
})

export default defineRule({
  summary: 'A slash stands in front of a placeholder that begins with one itself',
  severity: 'error',
  otherSeverities: { warning: 'for the path that `proxy_pass` sends' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A location is compared with a path, so what is filled in behind `location` begins with a slash. With another one in front of it an expression asks for `//shop`, which no path has after nginx merged its slashes: a `deny` for it refuses nothing. An internal redirect to `//shop` finds no location, a redirect sends browsers to a host of that name, and a backend gets a path that it does not know.',
  remedy: 'Write the placeholder without the slash: `^__PATH__/`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#merge_slashes',
  ],
  unproven: 'nginx reads no template, and what is filled in decides over the path',
  bad: [
    {
      title: 'directories that are meant to be closed',
      files: app(conf`
        location ~ «^/__PATH__/(data|conf)/» {
            deny all;
        }
      `),
    },
    {
      title: 'the path behind a backend',
      files: {
        'conf/nginx.conf': conf`
          location __PATH__ {
              proxy_pass «http://127.0.0.1:__PORT__/__PATH__»;
          }
        `,
      },
    },
    {
      title: 'an internal redirect and one for browsers, in a template of Ansible',
      files: {
        'templates/shop.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              root {{ root }};
              location = {{ path }}/old {
                  return 301 «/{{ path }}/new»;
              }
              location {{ path }}/ {
                  try_files $uri «/{{ path }}/index.php»;
              }
          }
        `,
      },
    },
    {
      title: 'a rewrite, both ways',
      files: app('rewrite «^/__PATH__/(.*)$» «/__PATH__/index.php?title=$1» last;'),
    },
  ],
  good: [
    {
      title: 'the placeholder alone',
      files: app(conf`
        rewrite ^__PATH__/(.*)$ __PATH__/index.php?title=$1 last;
        location ~ ^__PATH__/(data|conf)/ {
            deny all;
        }
      `),
    },
    {
      title: 'a placeholder that has no slash of its own',
      files: {
        'conf/nginx.conf': conf`
          location /__NAME__/ {
              proxy_pass http://127.0.0.1:8000/__NAME__/;
          }
        `,
      },
    },
    {
      title: 'a directory, and a path behind another',
      files: {
        'conf/nginx.conf': conf`
          location __PATH__/ {
              alias /srv/__PATH__/;
              try_files $uri $uri/ __PATH__/__PATH__/index.php;
          }
        `,
      },
    },
    {
      title: 'a location whose name a statement may begin',
      files: {
        'templates/shop.conf.j2': conf`
          location {{ kind }} /{{ path }} {
              return 301 /{{ kind }};
          }
        `,
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      const paths = filledInPaths(configuration)
      if (paths.size === 0) continue
      for (const [name, wordOf] of WORDS)
        for (const directive of configuration.occurrences.get(name) ?? []) {
          const own = paths.get(directive.source)
          if (own === undefined) continue
          for (const index of wordOf(directive)) {
            const word = directive.args[index]?.value ?? ''
            const path = own.find(({ mark }) => isDoubled(word, mark))
            if (path === undefined) continue
            const at = argumentPlace(directive, index)
            yield {
              at,
              ...(name === 'proxy_pass' && { severity: 'warning' as const }),
              message: `\`${path.written}\` begins with a slash by itself, so ${harmOf(name, index, path)}`,
              label: 'two slashes',
              related: [{ at: path.at, message: 'a path, which begins with a slash' }],
              ...propose('Leave one slash', 'unsafe', [
                replacePlace(
                  at,
                  at.source.text.slice(at.start, at.end).replace(`/${path.written}`, path.written),
                ),
              ]),
            }
          }
        }
    }
  },
})

/** True for a path or an expression that begins with a slash and the mark, and for a URL whose path does. */
function isDoubled(word: string, mark: string): boolean {
  if (!isUnknownWord(word)) return false
  const before = word.indexOf(`/${mark}`)
  return before !== -1 && /^(?:\^?|https?:\/\/[^/]+|\$\w+:\/\/[^/]+)$/.test(word.slice(0, before))
}

function harmOf(name: string, index: number, { written }: FilledInPath): string {
  switch (name) {
    case 'proxy_pass':
      return `the backend is asked for \`/${written}…\`, with two slashes`
    case 'return':
      return `\`/${written}\` sends browsers to a host of that name, or to a path with two slashes`
    case 'try_files':
    case 'error_page':
      return `the internal redirect goes to two slashes, past \`location ${written}\``
    case 'rewrite':
      if (index === 1) return `the path becomes one with two slashes, past \`location ${written}\``
  }
  return 'this asks for two slashes, which no path has once nginx merged them: it never matches'
}

/** The words of a directive that are, or are compared with, a path of the site. */
const WORDS: readonly (readonly [string, (directive: NginxDirective) => readonly number[]])[] = [
  ['location', ({ args }) => [args.length - 1]],
  ['rewrite', () => [0, 1]],
  ['return', ({ args }) => [args.length - 1]],
  ['try_files', ({ args }) => [args.length - 1]],
  ['error_page', ({ args }) => [args.length - 1]],
  ['proxy_pass', () => [0]],
  ['if', patternOf],
]

function patternOf(directive: NginxDirective): readonly number[] {
  const [variable = '', operator = '', pattern = ''] = conditionWords(directive)
  if (!/^\$(?:document_)?uri$/.test(variable) || !operator.includes('~')) return []
  const index = directive.args.findIndex(({ value }) => value.startsWith(pattern))
  return index === -1 ? [] : [index]
}
