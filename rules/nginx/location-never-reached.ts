import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { foreignPath } from './_nested-expressions.ts'
import { MOST_COMPARED } from './_hidden-patterns.ts'
import { nginxMain } from '../_examples.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { answersAll } from '../../src/servers/nginx/queries/answers-all.ts'
import { locationIndex, locationsOf, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import {
  hiddenBehind,
  isLeft,
  unlikePath,
  takesAll,
  isOfLog,
  isCalled,
  hiddenIn,
  isAlike,
} from './_hidden-locations.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

/** A redirect of all requests behind an `include`. */
const behindInclude = (path: string, included: string, name = '«return»'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    site(conf`
      include ${path};
      location /.well-known/acme-challenge/ {
          root /srv/acme;
      }
      ${name} 301 https://$host$request_uri;
    `),
  ),
  'etc/nginx/snippets/log.conf': included,
})

export default defineRule({
  summary: 'A location that no request reaches',
  severity: 'warning',
  otherSeverities: {
    error: 'a prefix that keeps clients out, in whose place an expression lets them in',
    info: 'a named location that nothing leads to, one that only sets its log, and what a site that a `return` has moved leaves behind it',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A regular expression answers before a prefix, and the first that matches before the others; a `return` of the server answers before any location is looked for, and a path begins with a slash and is decoded. What such a location says, its `deny`, its files or its backend, is for nobody.',
  remedy:
    'Write `^~` in front of the prefix; put the narrower expression first; put the `return` of the server into `location /`; write the path decoded, with its slash',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'the narrower expression comes second',
      files: {
        'nginx.conf': site(conf`
          location ~ /upload/ {
              expires 1d;
          }
          location ~ «/upload/.+\.php$» {
              deny all;
          }
        `),
      },
    },
    {
      title: 'both in a branch of a template',
      files: {
        'site.conf.j2': site(conf`
          {% if uploads %}
          location ~ /upload/ {
              expires {{ days }}d;
          }
          location ~ «/upload/.+\.php$» {
              deny all;
          }
          {% endif %}
        `),
      },
    },
    {
      title: 'some endings that an earlier list has',
      files: {
        'nginx.conf': site(conf`
          location ~* \.(css|js|png|jpg)$ {
              expires 1d;
          }
          location ~ «\.(png|jpg)$» {
              expires 30d;
          }
        `),
      },
    },
    {
      title: 'a prefix in a hidden directory',
      files: {
        'nginx.conf': site(conf`
          location ~ /\. {
              deny all;
          }
          location «/.well-known/acme-challenge/» {
              root /srv/acme;
          }
        `),
      },
    },
    {
      title: 'a directory of a template that lacks its slash',
      files: {
        'shop.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              location «_images/» {
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
    {
      title: 'a closed directory below an open one',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/(images|skins) {
              expires 30d;
          }
          location «/images/deleted» {
              deny all;
          }
        `),
      },
    },
    {
      title: 'a prefix of which an expression has the beginning',
      files: {
        'nginx.conf': site(conf`
          location «/api/v2/» {
              proxy_pass http://127.0.0.1:9002;
          }
          location ~ ^/api/(.*)$ {
              proxy_pass http://127.0.0.1:9001/$1$is_args$args;
          }
        `),
      },
    },
    {
      title: 'a name that nothing leads to',
      files: {
        'nginx.conf': site(conf`
          location «@backend» {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a server that answers before it looks for a location',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              «return» 301 https://example.org$request_uri;
              location /.well-known/acme-challenge/ {
                  root /srv/acme;
              }
          }
        `,
      },
    },
    {
      title: 'a rewrite of every path that does',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              «rewrite» ^(.*)$ https://example.org$1 permanent;
              location /.well-known/acme-challenge/ {
                  root /srv/acme;
              }
          }
        `,
      },
    },
    {
      title: 'what is left of a site that has moved',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name old.example.org;
              «return» 301 https://example.org$request_uri;
              location /poll {
                  proxy_pass http://127.0.0.1:9001;
              }
              location / {
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
    {
      title: 'a path as it stands in the address bar',
      files: {
        'nginx.conf': site(conf`
          location «/my%20files/» {
              alias /srv/my/;
          }
        `),
      },
    },
    {
      title: 'an expression inside of a prefix that no path of it matches',
      files: {
        'nginx.conf': site(conf`
          location ^~ /sites/files/advagg_js/ {
              location ~* «/sites/files/advagg_css/.*\.js$» {
                  expires max;
              }
              location ~ «^/sites/scripts/» {
                  expires 1d;
              }
          }
        `),
      },
    },
    {
      title: 'directories inside of a prefix that is none of them',
      files: {
        'nginx.conf': site(conf`
          location /wiki/ {
              alias /srv/wiki/;
              location ~ «^/(tmp|config|\.ht)/» {
                  deny all;
              }
          }
        `),
      },
    },
    {
      title: 'a file without the slash before it',
      files: {
        'site.conf.tpl': site(conf`
          location = «.healthz» {
              return 204;
          }
        `),
      },
    },
    {
      title: 'a page for errors without the slash before it, in a template',
      files: {
        'site.conf.j2': site(conf`
          {{ extra_config }}
          error_page 500 502 503 504 /50x.html;
          location = «50x.html» {
              root /usr/share/nginx/html;
          }
        `),
      },
    },
    {
      title: 'a path without its slash',
      files: {
        'nginx.conf': site(conf`
          location «api/» {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a return behind the lines of another file',
      files: behindInclude('snippets/log.conf', 'access_log /var/log/nginx/plain.log;\n'),
    },
    {
      title: 'a return before the locations of a file that servers include',
      files: {
        'templates/vhost.conf': conf`
          location /.well-known/acme-challenge/ {
              alias {{ acme_webroot }}/;
              try_files $uri =404;
          }
          «return» 301 https://$host$request_uri;
        `,
      },
    },
  ],
  good: [
    {
      title: 'a return behind a file that spares the challenge',
      files: behindInclude(
        'snippets/log.conf',
        'if ($request_uri ~ ^/\\.well-known/) {\n    break;\n}\n',
        'return',
      ),
    },
    {
      title: 'a return behind files of which one has a break',
      files: behindInclude('snippets/*.conf', 'break;\n', 'return'),
    },
    {
      title: 'expressions of branches that exclude each other',
      files: {
        'site.conf.j2': site(conf`
          {% if wide %}
          location ~ /upload/ {
              expires 1d;
          }
          {% else %}
          location ~ /upload/.+\.php$ {
              deny all;
          }
          {% endif %}
        `),
      },
    },
    {
      title: 'a word of a template that something fills in, and one of its engine',
      files: {
        'shop.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              location WEBPATH/ {
                  proxy_pass http://127.0.0.1:9000;
              }
              location web_path {
                  proxy_pass http://127.0.0.1:9000;
              }
              location {{ path }}/ {
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
    {
      title: 'a named location for the probes of NGINX Plus',
      files: {
        'nginx.conf': site(conf`
          location / {
              proxy_pass http://backend;
          }
          location @probe {
              proxy_pass http://backend;
              health_check interval=1s;
          }
        `),
      },
    },
    {
      title: 'the narrower expression first',
      files: {
        'nginx.conf': site(conf`
          location ~ /upload/.+\.php$ {
              deny all;
          }
          location ~ /upload/ {
              expires 1d;
          }
        `),
      },
    },
    {
      title: 'one ending more',
      files: {
        'nginx.conf': site(conf`
          location ~* \.(css|js|png|jpg)$ {
              expires 1d;
          }
          location ~ \.(png|gif)$ {
              expires 30d;
          }
        `),
      },
    },
    {
      title: 'what refuses both',
      files: {
        'nginx.conf': site(conf`
          location ~ /\. {
              deny all;
          }
          location ~ /\.ht {
              return 404;
          }
        `),
      },
    },
    {
      title: 'letters of which the earlier expression has one',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/x {
              expires 1d;
          }
          location ~ ^/[a-z] {
              expires 2d;
          }
        `),
      },
    },
    {
      title: 'a prefix that keeps expressions out',
      files: {
        'nginx.conf': site(conf`
          location ~ /\. {
              deny all;
          }
          location ^~ /.well-known/acme-challenge/ {
              root /srv/acme;
          }
        `),
      },
    },
    {
      title: 'a closed directory that keeps expressions out',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/(images|skins) {
              expires 30d;
          }
          location ^~ /images/deleted {
              deny all;
          }
        `),
      },
    },
    {
      title: 'an expression that leaves the directory out',
      files: {
        'nginx.conf': site(conf`
          location ~ /\.(?!well-known) {
              deny all;
          }
          location /.well-known/acme-challenge/ {
              root /srv/acme;
          }
        `),
      },
    },
    {
      title: 'a prefix of which an expression takes some pages',
      files: {
        'nginx.conf': site(conf`
          location /api/ {
              proxy_pass http://127.0.0.1:9002;
          }
          location ~ ^/api/v\d {
              proxy_pass http://127.0.0.1:9001;
          }
          location ~ ^/api/\w+$ {
              proxy_pass http://127.0.0.1:9003;
          }
        `),
      },
    },
    {
      title: 'expressions inside of a prefix that its paths match',
      files: {
        'nginx.conf': site(conf`
          location ^~ /sites/files/js/ {
              location ~* /sites/files/.*\.js$ {
                  expires max;
              }
              location ~ /files/old/.*\.js$ {
                  return 410;
              }
              location ~ ^/(?:sites|files)/ {
                  expires 1d;
              }
              location ~ ^/(data|\w+/files)/ {
                  expires 2d;
              }
              location ~ ^/(data/)?sites/ {
                  expires 3d;
              }
              location ~ ^/files/|\.map$ {
                  return 404;
              }
          }
        `),
      },
    },
    {
      title: 'an expression inside of the prefix',
      files: {
        'nginx.conf': site(conf`
          location /api/ {
              location ~ ^/api/v2/ {
                  proxy_pass http://127.0.0.1:9002;
              }
              proxy_pass http://127.0.0.1:9003;
          }
          location ~ ^/api/ {
              proxy_pass http://127.0.0.1:9001;
          }
        `),
      },
    },
    {
      title: 'both refuse the directory',
      files: {
        'nginx.conf': site(conf`
          location ~ /\. {
              deny all;
          }
          location /.git/ {
              return 404;
          }
        `),
      },
    },
    {
      title: 'a name that an error page leads to',
      files: {
        'nginx.conf': site(conf`
          error_page 404 = @backend;
          location @backend {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a name that a variable may lead to',
      files: {
        'nginx.conf': site(conf`
          set $fallback @backend;
          location / {
              try_files $uri $fallback;
          }
          location @backend {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'the answer of the server in a location of its own',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location /.well-known/acme-challenge/ {
                  root /srv/acme;
              }
              location / {
                  return 301 https://example.org$request_uri;
              }
          }
        `,
      },
    },
    {
      title: 'a path as it is decoded',
      files: {
        'nginx.conf': site(conf`
          location "/my files/" {
              alias /srv/my/;
          }
        `),
      },
    },
    {
      title: 'a page for what the server answers',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              error_page 503 @maintenance;
              return 503;
              location @maintenance {
                  root /srv/www;
                  rewrite ^ /maintenance.html break;
              }
          }
        `,
      },
    },
    {
      title: 'an answer for some hosts',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org www.example.org;
              if ($host = www.example.org) {
                  return 301 http://example.org$request_uri;
              }
              location /api/ {
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
  ],
  *check({ nginx, servers }) {
    const byDirective = serverIndex(servers)
    for (const configuration of nginx) {
      const answers = ['return', 'rewrite'].flatMap(name => configuration.occurrences.get(name) ?? [])
      for (const line of answers.filter(answersAll)) {
        const hidden = hiddenBehind(line, configuration)
        if (hidden === null) continue
        yield {
          at: namePlace(line),
          ...(isLeft(hidden) && { severity: 'info' as const }),
          message: `\`${line.name}\` answers every request of ${line.parent === null ? 'what includes this' : 'this server'}, so \`location ${hidden.name}\` is never reached`,
          label: 'the server’s own lines come first',
          related: [{ at: hidden.at, message: 'never reached' }],
        }
      }
      const scopes = new Set<NginxDirective>()
      for (const directive of configuration.occurrences.get('location') ?? []) {
        const { parent } = directive
        const word = directive.args[0]?.value ?? ''
        const reason = unlikePath(directive)
        if (reason !== null)
          yield {
            at: argumentPlace(directive, directive.args.length - 1),
            message: reason,
            label: 'never reached',
            ...restOf(configuration, directive),
          }
        const foreign = foreignPath(directive)
        if (foreign !== null && parent !== null) {
          const outer = readLocation(parent)
          yield {
            at: argumentPlace(directive, directive.args.length - 1),
            message: `\`location ${`${outer.modifier} ${outer.name}`.trim()}\` holds paths that begin so, and this expression asks for \`${foreign}\``,
            label: 'never reached',
            related: [{ at: outer.at, message: 'only these paths come here' }],
            ...restOf(configuration, directive),
          }
        }
        if (parent === null || (!word.startsWith('@') && !word.startsWith('~'))) continue
        if (!word.startsWith('@') && !scopes.has(parent)) yield* prefixesHiddenIn(parent, configuration)
        const location = readLocation(directive)
        if (location.modifier === '@') {
          const home = enclosingServer(directive)
          const server = home === null ? undefined : byDirective.get(home)
          if (server === undefined || isCalled(configuration, server, location)) continue
          yield {
            at: location.at,
            severity: 'info',
            message: `nothing in this server leads to \`${location.name}\``,
            label: 'never reached',
          }
        } else if (!scopes.has(parent)) {
          scopes.add(parent)
          for (const { location: hidden, by } of hiddenIn(parent))
            yield {
              at: hidden.at,
              message: `\`location ${by.modifier} ${by.name}\` stands before it and matches every URL that this one does`,
              label: 'never reached',
              related: [{ at: by.at, message: 'answers first' }],
              ...restOf(configuration, hidden.directive),
            }
        }
      }
    }
  },
})

/** A file that several servers include may hold a location that one of them reaches. */
const timesRead = memo(({ occurrences }: NginxConfiguration) => {
  const times = new Map<NginxDirective['node'], number>()
  for (const { node } of occurrences.get('location') ?? []) times.set(node, (times.get(node) ?? 0) + 1)
  return times
})

/** What stands in a location that is nowhere reached. */
function restOf(
  configuration: NginxConfiguration,
  { source, node }: NginxDirective,
): Pick<RuleFinding, 'moot'> {
  if (timesRead(configuration).get(node) !== 1) return {}
  return { moot: { source, start: node.start, end: node.end } }
}

/** Prefixes in whose place an expression of the same block answers every URL that begins so. */
function* prefixesHiddenIn(scope: NginxDirective, configuration: NginxConfiguration): Iterable<RuleFinding> {
  const { prefixes, regexes } = locationIndex(scope)
  const first = regexes.slice(0, MOST_COMPARED)
  for (const location of [...prefixes.values()].slice(0, MOST_COMPARED)) {
    const { directive, modifier, name, at } = location
    if (modifier !== '' || name === '/' || !name.startsWith('/')) continue
    const by = first.find(({ location: other, regex }) => regex !== null && takesAll(other, regex, name))
    if (by === undefined || isAlike(by.location.directive, directive)) continue
    if (locationsOf(directive).some(inner => /^~/.test(inner.args[0]?.value ?? ''))) continue
    const lost = directive.children.find(restricts)
    const isOpened = lost !== undefined && !by.location.directive.children.some(refusesOrRestricts)
    yield {
      at,
      ...(isOpened && { severity: 'error' as const }),
      ...(directive.children.every(child => isOfLog(child)) && { severity: 'info' as const }),
      message: `\`${`location ${by.location.modifier} ${by.location.name}`.trimEnd()}\` matches every URL that begins so, and a regular expression answers before a prefix${isOpened ? `: \`${lost.name}\` does not apply` : ''}`,
      label: 'never reached',
      related: [{ at: by.location.at, message: 'answers in its place' }],
      ...restOf(configuration, directive),
      ...propose('Keep regular expressions out', 'unsafe', [insertBefore(at, '^~ ')]),
    }
  }
}

/** What keeps clients out of a location. */
const RESTRICTS: ReadonlySet<string> = new Set(['deny', 'auth_basic', 'auth_request', 'internal'])

function restricts({ name, args }: NginxDirective): boolean {
  return RESTRICTS.has(name) && args[0]?.value !== 'off'
}

function refusesOrRestricts(line: NginxDirective): boolean {
  return restricts(line) || line.name === 'return'
}
