import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { pathsInto, pathsOfPattern } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { directivesByServer, serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { toBytes } from '../../src/servers/regex.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

/** What can lead a request to where it has been. */
const LEADERS = ['try_files', 'rewrite', 'error_page'] as const

export default defineRule({
  summary: 'An internal redirect leads back to itself, and nginx answers 500',
  severity: 'error',
  otherSeverities: {
    warning: 'where it happens to files that are missing alone',
    info: 'where the paths that a `rewrite` is written for leave it',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The last word of `try_files` and a `rewrite` start the search for a location anew. Where they come to the same location again, nginx goes round ten times, logs “rewrite or internal redirection cycle” and answers 500.',
  remedy:
    'Let the fallback be found: `try_files $uri …` in the location that it leads to, a location of its own, or `=404`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'a fallback that is looked for as a directory alone',
      files: {
        'nginx.conf': site(conf`
          location / {
              try_files $uri/ «/index.html»;
          }
        `),
      },
    },
    {
      title: 'a script that an inner expression takes before PHP does',
      files: {
        'nginx.conf': site(conf`
          location /app {
              location ~ ^/app/(.+)$ {
                  try_files /app/public/$1 «/app/index.php$is_args$args»;
              }
          }
          location ~ \.php$ {
              fastcgi_pass 127.0.0.1:9000;
          }
        `),
        'srv/www/app/index.php': '<?php echo 1;\n',
      },
    },
    {
      title: 'a rewrite that matches its own result',
      files: {
        'nginx.conf': site(conf`
          location /blog {
              «rewrite» ^/blog(.*)$ /blog/index.php$1 last;
          }
        `),
      },
    },
    {
      title: 'a version that some paths leave out',
      files: {
        'nginx.conf': site(conf`
          location /assets/ {
              location ~ ^/assets/release {
                  «rewrite» ^/assets/(release\d+/)?(.*)$ /assets/$2 last;
              }
          }
        `),
      },
    },
    {
      title: 'the same, beside a file that nobody has',
      files: {
        'nginx.conf': site(conf`
          include /opt/shop/monitoring.conf;
          location /assets/ {
              location ~ ^/assets/release {
                  «rewrite» ^/assets/(release\d+/)?(.*)$ /assets/$2 last;
              }
          }
        `),
      },
    },
    {
      title: 'in a template, wherever its files lie',
      files: {
        'site.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              root {{ directory }};
              location / {
                  try_files $uri $uri/index.html «$uri/404»;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'the file itself is looked for first',
      files: {
        'nginx.conf': site(conf`
          location / {
              try_files $uri $uri/ /index.html;
          }
        `),
      },
    },
    {
      title: 'the page of an application behind an alias',
      files: {
        'nginx.conf': site(conf`
          location /admin/ {
              alias /srv/admin/dist/;
              try_files $uri $uri/ /admin/index.html;
          }
          location /docs {
              alias /srv/docs;
              try_files $uri $uri/ /docs/index.html;
          }
        `),
      },
    },
    {
      title: 'the page of the language that a client prefers',
      files: {
        'nginx.conf': conf`
          map $http_accept_language $lang {
              default en-US;
              ~^de de;
          }
          ${site(conf`
            location / {
                try_files /$lang/$uri $uri $uri/ @page;
            }
            location @page {
                rewrite (.*) /$lang/index.html;
            }
          `)}
        `,
      },
    },
    {
      title: 'the script has a location of its own',
      files: {
        'nginx.conf': site(conf`
          location / {
              try_files $uri/ /index.php$is_args$args;
          }
          location ~ \.php$ {
              fastcgi_pass 127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'locations whose server has one for scripts',
      files: {
        'rewrites.conf': conf`
          location /api/ {
              rewrite ^/api/(.*)$ /api/entry.php last;
          }
        `,
      },
    },
    {
      title: 'rewriting ends with `break`',
      files: {
        'nginx.conf': site(conf`
          location /blog {
              rewrite ^/blog(.*)$ /blog/index.php$1 break;
          }
        `),
      },
    },
    {
      title: 'an error page that is missing is looked for once',
      files: {
        'nginx.conf': site(conf`
          error_page 404 /404.html;
          location / {
              try_files $uri =404;
          }
        `),
      },
    },
    {
      title: 'a location of its own file, behind an alias',
      files: {
        'app.conf': conf`
          location /app/ {
              alias /srv/app/dist/;
              try_files $uri /app/index.html;
          }
        `,
      },
    },
  ],
  *check(deployment) {
    // Whoever includes a fragment of locations may have another that takes what is redirected: it stands for nobody.
    const servers = serverIndex(deployment.servers)
    for (const { occurrences } of deployment.nginx) {
      for (const name of LEADERS) {
        for (const directive of occurrences.get(name) ?? []) {
          const home = serverAround(directive)
          const server = home === null ? undefined : servers.get(home)
          if (server === undefined || directive.parent === null || !mayCycle(server)) continue
          const found = cycle(deployment, server, directive.parent)
          if (found === null) continue
          yield {
            at: found.at,
            message: `\`${found.path}\` is redirected internally to \`${found.to}\` again and again, until nginx answers 500`,
            label: 'leads back to itself',
            cause: found.cause,
            ...(found.isOfMissing && { severity: 'warning' as const }),
            ...(found.isStray && { severity: 'info' as const }),
          }
        }
      }
    }
  },
})

interface Cycle {
  readonly at: Place
  readonly cause: object
  readonly path: string
  readonly to: string
  /** True where only what is not there is asked for again and again, by a fallback that is no path. */
  readonly isOfMissing: boolean
  /** True where a `rewrite` leads other paths that it is written for out of the block. */
  readonly isStray: boolean
}

function cycle(deployment: Deployment, server: NginxServer, block: NginxDirective): Cycle | null {
  // What a fallback names is taken to lie where its URI says, and nowhere else.
  const assume = (path: string): 'file' | null | undefined =>
    !/\.\w+$/.test(path) ? undefined : fallbacksOf(server).some(uri => path.endsWith(uri)) ? 'file' : null
  for (const path of pathsInto(block)) {
    const answer = askServer(deployment, server, path, { assume, into: block, alsoLocal: true })
    if (answer === null || !answer.isCycle) continue
    const last = answer.steps.findLast(
      ({ kind }) => kind === 'try-files' || kind === 'rewrite' || kind === 'error-page' || kind === 'index',
    )
    const directive = last?.directive ?? null
    if (directive === null) continue
    return {
      at: placeOf(directive),
      cause: directive.node,
      path: path.replace(MISSING, 'missing-page'),
      to: lastUri(answer).replace(MISSING, 'missing-page'),
      isOfMissing: directive.name === 'try_files' && !(directive.args.at(-1)?.value ?? '').startsWith('/'),
      isStray: directive.name === 'rewrite' && leadsOut(deployment, server, block, directive, assume),
    }
  }
  return null
}

/** True where some path that a `rewrite` matches comes into a block, and is led out of it. */
function leadsOut(
  deployment: Deployment,
  server: NginxServer,
  block: NginxDirective,
  { args }: NginxDirective,
  assume: (path: string) => 'file' | null | undefined,
): boolean {
  if (block.name !== 'location') return false
  return pathsOfPattern(args[0]?.value ?? '', false).some(path => {
    const selected = selectLocation(server.configuration, server.directive, toBytes(path), block)
    if (!selected.known || selected.value.location?.directive !== block) return false
    return askServer(deployment, server, path, { assume, into: block, alsoLocal: true })?.isCycle === false
  })
}

/**
 * False for a server that redirects internally to named locations alone, in which nothing redirects again: most do
 * no more than `try_files $uri @application`.
 */
const mayCycle = memo(({ configuration, directive }: NginxServer): boolean =>
  LEADERS.some(name => {
    const lines = directivesByServer(configuration, name)
    const own = [...(lines.get(directive) ?? []), ...(lines.get(null) ?? [])]
    return own.some(
      ({ parent, args }) =>
        name !== 'try_files' ||
        !/^[@=]/.test(args.at(-1)?.value ?? '') ||
        parent?.name !== 'location' ||
        readLocation(parent).modifier === '@',
    )
  }),
)

/** The paths to which a server redirects internally, as far as they are written out, and their files behind an alias. */
const fallbacksOf = memo(({ configuration, directive }: NginxServer): readonly string[] => {
  const found = new Set<string>()
  for (const name of LEADERS) {
    const lines = directivesByServer(configuration, name)
    for (const line of [...(lines.get(directive) ?? []), ...(lines.get(null) ?? [])]) {
      const word = line.args[name === 'rewrite' ? 1 : line.args.length - 1]?.value ?? ''
      const [uri = ''] = word.split(/[?$]/)
      // Behind a variable of its own, such as a language, there is a page as well.
      const [, page] = /^\/\$\{?(?!\d|uri\b|document_uri\b|request_)\w+\}?(\/[\w./-]*\.\w+)$/.exec(word) ?? []
      if (page !== undefined) found.add(page)
      if (!uri.startsWith('/') || uri.length === 1) continue
      found.add(uri)
      const selected = selectLocation(configuration, directive, toBytes(uri))
      const location = selected.known ? selected.value.location : null
      const base = location === null ? null : fileBase(configuration, location.directive)
      if (base?.known && base.value.kind === 'alias' && base.value.prefix !== null)
        found.add(base.value.path + uri.slice(base.value.prefix.length))
    }
  }
  return [...found]
})

function placeOf(directive: NginxDirective): Place {
  return directive.name === 'rewrite'
    ? namePlace(directive)
    : argumentPlace(directive, directive.args.length - 1)
}

function lastUri({ steps }: Outcome): string {
  const step = steps.findLast(({ kind }) => kind === 'internal-redirect' || kind === 'rewrite')
  return /`([^`]*)`$/.exec(step?.text ?? '')?.[1] ?? '/'
}
