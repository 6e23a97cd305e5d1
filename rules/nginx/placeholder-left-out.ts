import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord, type Place, type Source } from '../../parsers/text/source.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { isOfWholeSite } from '../_whole-site.ts'
import { type FilledInPath, filledInPath } from './_filled-in-paths.ts'

const app = (lines: string): Record<string, string> => ({
  'conf/nginx.conf': conf`
    location __PATH__/ {
        alias __INSTALL_DIR__/;
        ${lines}
    }
  `,
})

export default defineRule({
  summary: 'A path of an application lacks the placeholder that others of its file begin with',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'An expression inside of a location is compared with the whole path. Where the application lies at `/shop`, `^/lib/` matches nothing below `location /shop/`, and an internal redirect to `/index.php` leaves it for whatever the site has at its root. It works where the application is the whole site, which is where it is tried.',
  remedy: 'Begin the path with the placeholder: `^__PATH__/lib/`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files',
  ],
  unproven: 'nginx reads no template, and what is filled in decides over the path',
  bad: [
    {
      title: 'an expression beside one that has it',
      files: app(conf`
        location ~ ^__PATH__/(data|conf)/ {
            deny all;
        }
        location ~ «^/lib.*\.(gif|png)$» {
            expires 30d;
        }
      `),
    },
    {
      title: 'internal redirects to a script that others find',
      files: app(conf`
        try_files $uri $uri/ __PATH__/index.php?$args;
        location = __PATH__/core/oc.js {
            rewrite ^ «/index.php$request_uri»;
        }
        location ~* \.(?:png|ico)$ {
            try_files $uri «/index.php$request_uri»;
        }
      `),
    },
    {
      title: 'an error page that has a location',
      files: {
        'templates/shop.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              location {{ path }}/ {
                  proxy_pass http://127.0.0.1:8000;
                  error_page 502 «/down.html»;
                  location = {{ path }}/down.html {
                      root /srv/www;
                      internal;
                  }
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'an application that is the whole site, as its manifest asks for no path',
      files: {
        ...app(conf`
          try_files $uri $uri/ __PATH__/index.php?$args;
          location ~* \.(?:png|ico)$ {
              try_files $uri /index.php$request_uri;
          }
        `),
        'manifest.toml': conf`
          [install.domain]
          type = "domain"
        `,
      },
    },
    {
      title: 'the placeholder everywhere',
      files: app(conf`
        try_files $uri $uri/ __PATH__/index.php?$args;
        location ~ ^__PATH__/lib/ {
            rewrite ^ __PATH__/index.php;
        }
      `),
    },
    {
      title: 'an application that hardly ever lies anywhere but at the root',
      files: app(conf`
        try_files $uri $uri/ /index.html;
        location ~ ^/assets/ {
            expires 30d;
        }
      `),
    },
    {
      title: 'any path, one of its own location, and one for the directory of the alias',
      files: app(conf`
        try_files $uri $uri/ __PATH__/index.php?$args;
        location ~ ^/.*/lib/ {
            rewrite ^ /index.php break;
        }
        location ~ ^__PATH__/(data|conf)/ {
            deny all;
        }
        location ~ ^/[^/]+/lib/ {
            expires 30d;
        }
        location ~ /lib/ {
            expires 30d;
        }
      `),
    },
    {
      title: 'a script at the root, which the server has beside that of the application',
      files: {
        'conf/nginx.conf': conf`
          location = /index.php {
              fastcgi_pass 127.0.0.1:9000;
          }
          location __PATH__/ {
              alias __INSTALL_DIR__/;
              try_files $uri __PATH__/index.php;
              error_page 404 /index.php;
          }
        `,
      },
    },
  ],
  *check({ nginx, filesOf }) {
    for (const configuration of nginx)
      for (const location of configuration.occurrences.get('location') ?? []) {
        const path = filledInPath(location)
        if (path === null || isOfWholeSite(location.source, filesOf(configuration))) continue
        yield* expressionsWithout(location, path)
        if (filledInPathAround(location) === null) yield* redirectsWithout(configuration, location, path)
      }
  },
})

/** The placeholder of the nearest location around one; null where there is none. */
function filledInPathAround({ parent }: NginxDirective): FilledInPath | null {
  if (parent === null) return null
  return (parent.name === 'location' ? filledInPath(parent) : null) ?? filledInPathAround(parent)
}

/** Expressions that begin with a directory where others beside them begin with the placeholder. */
function* expressionsWithout(location: NginxDirective, path: FilledInPath): Iterable<RuleFinding> {
  const inner = childrenNamed(location, 'location')
    .map(readLocation)
    .filter(({ modifier }) => modifier.startsWith('~'))
  const other = inner.find(({ name }) => name.startsWith(`^${path.mark}`))
  if (other === undefined) return
  for (const { name, at } of inner) {
    const directory = /^\^(\/[\w-]+)(?![\w*+?{-])/.exec(name)?.[1]
    if (directory === undefined || name.includes('|^')) continue
    yield {
      at,
      message: `only paths below \`${path.written}\` come here, and this expression asks for \`${directory}\`: it matches where the application is the whole site, and nowhere else`,
      label: `without \`${path.written}\``,
      related: [{ at: other.at, message: 'has it' }],
      ...(at.source.text.startsWith('^/', at.start) &&
        propose('Begin with the placeholder', 'unsafe', [
          insertBefore({ ...at, start: at.start + 1 }, path.written),
        ])),
    }
  }
}

/** Internal redirects to a path that the file also has with the placeholder in front. */
function* redirectsWithout(
  configuration: NginxConfiguration,
  location: NginxDirective,
  path: FilledInPath,
): Iterable<RuleFinding> {
  const targets = targetsBelow(location)
  const known = new Map(
    [...targets, ...(exactNames(configuration).get(location.source) ?? [])].map(({ word, at }) => [
      headOf(word),
      at,
    ]),
  )
  for (const { word, at } of targets) {
    const head = headOf(word)
    const other = known.get(path.mark + head)
    if (head.length < 2 || isUnknownWord(head) || other === undefined || known.has(`=${head}`)) continue
    yield {
      at,
      message: `the internal redirect to \`${head}\` leaves \`location ${path.written}\`, wherever the application is not the whole site`,
      label: `without \`${path.written}\``,
      related: [{ at: other, message: 'has it' }],
      ...propose('Begin with the placeholder', 'unsafe', [insertBefore(at, path.written)]),
    }
  }
}

interface Target {
  readonly word: string
  readonly at: Place
}

/** Where the lines of a block, and of those in it, redirect internally. */
function targetsBelow(block: NginxDirective): readonly Target[] {
  return block.children.flatMap(child => {
    const index = targetOf(child)
    const word = index === null ? undefined : child.args[index]?.value
    return word === undefined || index === null
      ? targetsBelow(child)
      : [{ word, at: argumentPlace(child, index) }]
  })
}

function targetOf({ name, args }: NginxDirective): number | null {
  if (name === 'try_files' || name === 'error_page') return args.length - 1
  return name === 'rewrite' && (args[2] === undefined || args[2].value === 'last') ? 1 : null
}

/** The exact locations of each file, with and without their modifier: what is theirs, a redirect to it finds. */
const exactNames = memo(({ occurrences }: NginxConfiguration): ReadonlyMap<Source, readonly Target[]> => {
  const found = new Map<Source, Target[]>()
  for (const directive of occurrences.get('location') ?? []) {
    const { modifier, name, at } = readLocation(directive)
    if (modifier !== '=') continue
    const names = found.get(directive.source) ?? []
    names.push({ word: name, at }, { word: `=${name}`, at })
    found.set(directive.source, names)
  }
  return found
})

/** A path without its query, and what a variable adds. */
function headOf(word: string): string {
  return word.split(/[?$]/)[0] ?? ''
}
