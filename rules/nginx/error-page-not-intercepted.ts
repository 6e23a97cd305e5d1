import { namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, outside = ''): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${outside}
      location / {
          proxy_pass http://127.0.0.1:9000;
          ${lines}
      }
      location = /404.html {
          internal;
      }
    `),
  )

const scriptSite = (lines: string): string =>
  nginxServer(conf`
    root /srv/www;
    ${lines}
    location ^~ /errors/ {
        root /srv/pages;
        internal;
    }
    location / {
        try_files $uri $uri/ /index.php?$query_string;
    }
    location ~ \.php$ {
        try_files $uri =404;
        fastcgi_pass unix:/run/php/php-fpm.sock;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    }
  `)
const scripts = (lines: string): string => nginxMain(scriptSite(lines))

export default defineRule({
  summary: 'A page for errors of the backend that nginx never sends',
  severity: 'warning',
  otherSeverities: {
    info: 'where the page stands for the whole server, and no location of its own is written for it, or nginx has errors of its own to show it for, such as a script that is not there',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`error_page` holds for errors that nginx itself meets. What the backend answers is passed on as it is, 404 and 500 too, unless `proxy_intercept_errors` is on.',
  remedy:
    'Write `proxy_intercept_errors on;` beside it (`fastcgi_intercept_errors` for FastCGI), or take the page out',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_intercept_errors'],
  bad: [
    {
      title: 'a page with a location of its own, and another one beside it',
      files: {
        'etc/nginx/nginx.conf': nginx('', '«error_page» 404 410 /errors/404.html;').replace(
          'location = /404.html {\n            internal;',
          'location ^~ /errors/ {\n            root /srv/pages;\n            internal;',
        ),
      },
    },
    {
      title: 'in the location of the backend',
      files: { 'etc/nginx/nginx.conf': nginx('«error_page» 404 /404.html;') },
    },
    {
      title: 'for the whole server',
      files: { 'etc/nginx/nginx.conf': nginx('', '«error_page» 404 /404.html;') },
    },
    {
      title: 'for a front controller',
      files: { 'etc/nginx/nginx.conf': scripts('«error_page» 404 /errors/404.html;') },
    },
  ],
  good: [
    {
      title: 'a front controller: intercepted, a page that it shows itself, and files that nginx serves',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          scriptSite('error_page 404 /errors/404.html; fastcgi_intercept_errors on;'),
          scriptSite('error_page 404 /index.php;').replace('example.org', 'a.example.org'),
          scriptSite('error_page 404 /errors/404.html; location /files/ { root /srv; }').replace(
            'example.org',
            'b.example.org',
          ),
        ]),
      },
    },
    {
      title: 'intercepted',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 404 /404.html;
          proxy_intercept_errors on;
        `),
      },
    },
    {
      title: 'a file of locations, whose server may have it',
      files: {
        'health.conf': conf`
          location = /-/health {
              proxy_pass http://127.0.0.1:9000;
              error_page 404 502 /error.json;
          }
        `,
      },
    },
    {
      title: 'what nginx itself meets',
      files: { 'etc/nginx/nginx.conf': nginx('error_page 413 502 503 504 /404.html;') },
    },
    {
      title: 'files that are looked for first',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '',
          conf`
            error_page 404 /404.html;
            location /files/ {
                try_files $uri =404;
            }
          `,
        ),
      },
    },
  ],
  *check(deployment) {
    const { nginx: configurations, connections } = deployment
    if (!configurations.some(({ occurrences }) => occurrences.has('error_page'))) return
    for (const { server, block, pass, written } of connections.nginx) {
      const kind = pass.name.replace('_pass', '')
      if (!INTERCEPTING.has(kind)) continue
      const { configuration } = server
      const pages = effective(configuration, block, 'error_page')
      if (!pages.known || pages.value.directives.length === 0) continue
      const lines = pages.value.directives.filter(isForBackend)
      if (lines.length === 0) continue
      const isOwn = pages.value.level === block
      const isScripts = !isOwn && kind === 'fastcgi' && answersByScript(server, block)
      if (isOwn ? mayRefuse(block) : !isScripts && !answersAlone(server.directive, block, kind)) continue
      const intercepts = effectiveAtHand(configuration, block, `${kind}_intercept_errors`)
      if (
        !intercepts.known ||
        intercepts.value.directives.some(({ args }) => args[0]?.value.toLowerCase() === 'on')
      )
        continue
      if (!isOwn && !isScripts) {
        const answer = askServer(deployment, server, PATHS.missingPage)
        if (answer?.end.kind !== 'pass' || answer.end.scope !== block) continue
      }
      const isForNginx = pages.value.directives.some(({ args }) =>
        args.slice(0, -1).some(({ value }) => OF_NGINX.has(value)),
      )
      for (const line of lines) {
        // A script that is the page may be what the application shows by itself.
        if (isScripts && !hasOwnLocation(server.directive, line)) continue
        yield {
          at: namePlace(line),
          severity:
            isOwn || (!isScripts && !isForNginx && hasOwnLocation(server.directive, line))
              ? 'warning'
              : 'info',
          message: `what \`${written}\` answers is sent as it is, a 404 too, as \`${kind}_intercept_errors\` is off`,
          related: [{ at: namePlace(pass), message: 'the backend' }],
        }
      }
    }
  },
})

const INTERCEPTING: ReadonlySet<string> = new Set(['proxy', 'fastcgi', 'uwsgi', 'scgi', 'grpc'])

/** Statuses that nginx does not give by itself where it proxies every request. */
const OF_BACKENDS: ReadonlySet<string> = new Set(['404', '410', '422'])

/** Statuses of nginx itself: whoever has pages for these too may have listed all that there are. */
const OF_NGINX: ReadonlySet<string> = new Set([
  '400',
  '408',
  '413',
  '414',
  '494',
  '495',
  '496',
  '497',
  '502',
  '504',
])

function isForBackend({ args }: NginxDirective): boolean {
  const codes = args.slice(0, -1).filter(({ value }) => /^\d+$/.test(value))
  return codes.some(({ value }) => OF_BACKENDS.has(value))
}

/**
 * True where somebody wrote a location for the page, by which it is found. The empty ones come with the main file of Red
 * Hat, with pages that nobody chose.
 */
function hasOwnLocation(server: NginxDirective, { args }: NginxDirective): boolean {
  const page = args.at(-1)?.value ?? ''
  return server.children.some(({ name, args: [first, second], children }) => {
    if (name !== 'location' || children.length === 0 || !page.startsWith('/')) return false
    const isExact = first?.value === '='
    const path = (second ?? first)?.value ?? ''
    const isMeant = isExact ? page === path : path.length > 1 && path.startsWith('/') && page.startsWith(path)
    return isMeant && !children.some(child => child.name.endsWith('_pass'))
  })
}

/** True where nginx itself may answer 404: by a file that is not there, or because a line says so. */
function mayRefuse(block: NginxDirective): boolean {
  return block.children.some(
    ({ name, children }) =>
      ['try_files', 'return', 'internal', 'root', 'alias', 'auth_request'].includes(name) ||
      children.some(child => child.name === 'return'),
  )
}

/** A test whether the script is there, which every front controller passes. */
const OF_SCRIPT = /^\$(?:uri|fastcgi_script_name|document_root\$fastcgi_script_name)$/

/**
 * True where every request of a page ends in a script of a location, by `try_files … /index.php`, and nginx itself only
 * says 404 of scripts that are not there.
 */
function answersByScript({ configuration, directive }: NginxServer, block: NginxDirective): boolean {
  const checks = block.children.filter(({ name }) => name === 'try_files')
  const isTest = checks.every(
    ({ args: [file, status, ...more] }) =>
      OF_SCRIPT.test(file?.value ?? '') && status?.value === '=404' && more.length === 0,
  )
  if (!isTest || block.name !== 'location') return false
  let leads = 0
  const areAll = directive.children.every(line => {
    const { name, args, children } = line
    if (name === 'return' || name === 'try_files' || name === 'if') return false
    if (name !== 'location' || line === block) return true
    if (args[0]?.value === '=' || children.some(child => child.name === 'internal')) return true
    const fallback = children.find(child => child.name === 'try_files')?.args.at(-1)?.value ?? ''
    const script = /^(\/[\w/.-]+\.php)(?:\?|$)/.exec(fallback)?.[1]
    const found = script === undefined ? null : selectLocation(configuration, directive, toBytes(script))
    if (found?.known !== true || found.value.location?.directive !== block) return false
    leads++
    return true
  })
  return areAll && leads > 0
}

/** True where every location that answers requests of clients passes them to a backend. */
function answersAlone(server: NginxDirective, block: NginxDirective, kind: string): boolean {
  if (mayRefuse(block)) return false
  return server.children.every(({ name, args, children }) => {
    if (name === 'return' || name === 'try_files') return false
    if (name === 'if') return !children.some(child => child.name === 'return')
    if (name !== 'location') return true
    const isExact = args[0]?.value === '='
    return isExact || children.some(child => child.name === `${kind}_pass` || child.name === 'internal')
  })
}
