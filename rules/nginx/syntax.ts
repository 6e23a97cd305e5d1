import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { NO_BREAK_SPACE } from '../../parsers/text/no-break-space.ts'
import { isPasted } from '../_pasted.ts'
import type { Place } from '../../parsers/text/source.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import type { NginxProblemCode } from '../../src/servers/nginx/problem-codes.ts'
import { endsLeftOut, isAddressToFillIn } from '../_excerpts.ts'
import { nginxMain } from '../_examples.ts'
import { unloadedModules } from './_unloaded-modules.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      ${lines}
  }
`

/** What may be right, or changes nothing. */
const HARMLESS: ReadonlySet<string> = new Set(['module-not-loaded', 'duplicate-media-type'])

export default defineRule({
  summary: 'nginx refuses the configuration, or warns of it',
  severity: 'error',
  otherSeverities: {
    warning: 'for what nginx accepts with a warning, or silently ignores',
    info: 'for a directive of a module that nginx may have been built with, and for a media type that stands in a list already; where a manual leaves out the end of a file or the numbers of an address',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx reads all of its configuration or none of it: a reload keeps the old one without a word to clients, and the next restart leaves every site down.',
  remedy: 'Correct the line, and ask `nginx -t` before each reload',
  references: ['https://nginx.org/en/docs/beginners_guide.html#conf_structure'],
  bad: [
    {
      title: 'the semicolon of another keyboard',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              «set_real_ip_from» 192.0.2.0/24；
              server {
                  listen 80;
              }
          }
        `,
      },
    },
    {
      title: 'a buffer for headers that the others do not fit, in a site without its main file',
      files: { 'deploy/shop.conf': site('proxy_buffer_size «128k»;') },
    },
    {
      title: 'a brace that is missing from what a script writes',
      files: {
        'setup.sh': conf`
          cat > /etc/nginx/sites-available/shop <<EOF
          server {
              listen 80;
              server_name $NAME;
              location / {
                  proxy_pass http://127.0.0.1:8000;
              }«»
          EOF
        `,
      },
    },
    {
      title: 'a brace that is missing from a template with statements, each of which closes what it opens',
      files: {
        'templates/site.conf.j2': `${conf`
          server {
              listen 80;
              server_name {{ name }};
              {% for redirect in redirects %}
              location = {{ redirect.path }} {
                  return 302 {{ redirect.target }};
              }
              {% endfor %}

              location / {
                  try_files $uri /index.html;

              location = /health {
                  {% if quiet %}
                  access_log off;
                  {% endif %}
                  return 204;
              }
          }
        `}«»`,
      },
    },
    {
      title: 'a name that nginx has itself, in a branch of a template',
      files: {
        'templates/nginx.conf.j2': conf`
          events {}
          http {
              {% if real_ip %}
              log_format «combined» '$http_x_real_ip "$request" $status';
              {% endif %}
              access_log /var/log/nginx/access.log combined;
              server {
                  listen 80;
              }
          }
        `,
      },
    },
    {
      title: 'one of the lists of ciphers of which a template takes one',
      files: {
        'templates/tls.conf.tmpl': conf`
          {{ if eq .Policy "modern" }}
          ssl_protocols TLSv1.3;
          ssl_ciphers «TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384»;
          {{ else }}
          ssl_protocols TLSv1.2 TLSv1.3;
          ssl_ciphers TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256;
          {{ end }}
        `,
      },
    },
    {
      title: 'an upstream that a branch of a template has once more',
      files: {
        'templates/nginx.conf.j2': conf`
          events {}
          http {
              upstream app {
                  server 127.0.0.1:8000;
              }
              {% if blue_green %}
              upstream «app» {
                  server 127.0.0.1:8001;
              }
              {% endif %}
              server {
                  listen 80;
              }
          }
        `,
      },
    },
    {
      title: 'a word too many beside what a script fills in',
      files: {
        'conf/nginx.conf.j2': conf`
          location {{ path }} {
              «rewrite» ~ ^/.well-known/caldav {{ path }}/cal.php redirect;
          }
        `,
      },
    },
    {
      title: 'a brace that is missing from a template',
      files: {
        'templates/shop.conf.j2': `${conf`
          server {
              listen 80;
              server_name {{ name }};
              location / {
                  root {{ root }};
              }
        `}«»`,
      },
    },
    {
      title: 'a file of which the rest is left out',
      files: { 'site.conf': 'server {\n    listen 80;\n    root /srv/www;\n    # ...\n«»' },
    },
    {
      title: 'an address of which the numbers are left out',
      files: { 'site.conf': site('allow «35.228.233.xxx»;') },
    },
    {
      title: 'a lost semicolon',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www
          «}»
        `,
      },
    },
    {
      title: 'a comment of another language',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              «/*» keeps crawlers out */
              include snippets/abuse-*.conf;
              # // a comment
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'no-break spaces, pasted from a page',
      files: {
        'site.conf': conf`
          server {
          «${NO_BREAK_SPACE}» listen 80;
            server_name${NO_BREAK_SPACE}example.org;
          ${NO_BREAK_SPACE}${NO_BREAK_SPACE}root /srv/www;
          }
        `,
      },
    },
    {
      title: 'a shortened directive',
      files: {
        'site.conf': conf`
          server {
              listen 443 ssl http2;
              «list» [::]:443 ssl http2;
              server_name example.org;
              ssl_certificate /etc/ssl/example.org.pem;
              ssl_certificate_key /etc/ssl/example.org.key;
          }
        `,
      },
    },
    {
      title: 'a variable that nginx has itself',
      files: {
        'site.conf': conf`
          location /codex {
              auth_request /session;
              auth_request_set «$remote_user» $upstream_http_remote_user;
              proxy_set_header Remote-User $remote_user;
              proxy_pass http://127.0.0.1:9810;
          }
        `,
      },
    },
    {
      title: 'a parameter of NGINX Plus',
      files: {
        'site.conf': conf`
          «limit_req_zone» $remote_addr zone=req:1M rate=100r/s sync;
          server {
              listen 80;
              limit_req zone=req;
          }
        `,
      },
    },
    {
      title: 'the text of a header that NGINX Plus alone lets be written',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              server_tokens «"shop"»;
          }
        `,
      },
    },
    {
      title: 'a lost semicolon between lines of which the block is not there',
      files: {
        'snippets/real-ip.conf': conf`
          «set_real_ip_from» 10.0.0.0/8

          real_ip_header X-Forwarded-For;
          real_ip_recursive on;
        `,
      },
    },
    {
      title: 'a lost semicolon behind a list',
      files: {
        'snippets/tls.conf': conf`
          ssl_protocols TLSv1.2
          «ssl_prefer_server_ciphers» on;
          ssl_ciphers HIGH;
        `,
      },
    },
    {
      title: 'a word of another header, and a status that is none, in lines of which the block is not there',
      files: {
        'headers.conf': conf`
          ssl_protocols TLSv1.2 TLSv1.3;
          add_header Strict-Transport-Security "max-age=63072000" «preload»;
          proxy_cache_valid «2000» 1m;
        `,
      },
    },
    {
      title: 'a variable without its sign, in lines of which the block is not there',
      files: {
        'snippets/token.conf': conf`
          set «user_token» x;
          proxy_set_header Authorization "Bearer $user_token";
          proxy_set_header Host $host;
        `,
      },
    },
    {
      title: 'a misspelt directive',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              «sever_name» example.org;
          }
        `,
      },
    },
    {
      title: 'a media type that nginx compresses by itself',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              gzip_types «text/html» text/css;
          }
        `,
      },
    },
    {
      title: 'the same in a template',
      files: {
        'site.conf.template': conf`
          server {
              listen 80;
              server_name \${DOMAIN};
              gzip_types text/plain «text/html» text/css;
          }
        `,
      },
    },
    {
      title: 'an address in place of its network',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              set_real_ip_from «10.1.2.3/16»;
          }
        `,
      },
    },
    {
      title: 'a name too long for the table of names',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          site(conf`
            server_name «customers-of-the-old-shop.eu-central-1.staging.example.org»;
          `),
          site('server_name www.example.org;'),
        ]),
      },
    },
    {
      title: 'a path too long for the table of a map',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            map $uri $moved {
                «/articles/2019/how-we-moved-the-shop-to-a-new-house» /news;
            }
          `,
          site('return 204;'),
        ]),
      },
    },
    {
      title: 'connections that are not kept',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            upstream app {
                server 127.0.0.1:9000;
                keepalive 8;
                «least_conn»;
            }
          `,
          site(conf`
            location / {
                proxy_pass http://app;
            }
          `),
        ]),
      },
    },
    {
      title: "two default servers among Debian's sites",
      files: {
        'etc/nginx/sites-enabled/default': 'server {\n    listen 80 default_server;\n    return 404;\n}\n',
        'etc/nginx/sites-enabled/shop': conf`
          server {
              listen 80 «default_server»;
              server_name example.org;
              root /srv/www;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'two default servers, of machines of their own',
      files: {
        'hosts/one.conf': 'server {\n    listen 80 default_server;\n    return 404;\n}\n',
        'hosts/two.conf': 'server {\n    listen 80 default_server;\n    return 503;\n}\n',
      },
    },
    {
      title: 'a block of which a manual leaves out the lines',
      files: { 'site.conf': site('location ~ \\.php$ { ... }') },
    },
    {
      title: 'variables of nginx itself that may be set',
      files: {
        'site.conf': conf`
          map $http_referer $invalid_referer {
              default 0;
              ~*spam 1;
          }
          server {
              listen 80;
              server_name example.org;
              if ($invalid_referer) {
                  return 403;
              }
              location /leave {
                  set $uid_reset 1;
                  return 204;
              }
          }
        `,
      },
    },
    {
      title: 'values and variables of NGINX Plus and its modules',
      files: {
        'site.conf': conf`
          limit_req_zone $remote_addr zone=req:1M rate=100r/s sync;
          log_format waf '$remote_addr $app_protect_outcome';
          server_tokens "";
          server {
              listen 80;
              server_name example.org;
              location / {
                  limit_req zone=req;
                  app_protect_enable on;
                  proxy_pass http://127.0.0.1:8080;
              }
          }
        `,
      },
    },
    {
      title: 'what Tengine takes',
      files: {
        'site.conf': conf`
          limit_req_zone $remote_addr $uri zone=req:1m rate=10r/s;
          upstream app {
              vnswrr;
              server 10.0.0.1:81 id=a;
              server 10.0.0.2:82;
          }
          server {
              listen 80;
              server_name example.org;
              location / {
                  limit_req zone=req burst=3 forbid_action=/refused;
                  proxy_pass http://app;
              }
          }
        `,
      },
    },
    {
      title: 'buffers that fit, and a file for every site with others',
      files: {
        'deploy/shop.conf': site(['proxy_buffer_size 128k;', 'proxy_buffers 4 128k;'].join('\n')),
        'deploy/wiki.conf': site(['server_name wiki.example.org;', 'uwsgi_buffer_size 64k;'].join('\n')),
        'deploy/conf.d/buffers.conf': 'uwsgi_buffers 8 64k;\n',
      },
    },
    {
      title: 'a file that a script writes piece by piece',
      files: {
        'setup.sh': conf`
          cat > /etc/nginx/sites-available/shop <<EOF
          server {
              listen 80;
              server_name $NAME;
          EOF
          cat >> /etc/nginx/sites-available/shop <<EOF
              root /srv/www;
          }
          EOF
        `,
      },
    },
    {
      title: 'templates that a script puts together',
      files: {
        'templates/vhost-head.tpl': conf`
          server {
              listen 80;
              server_name {{ name }};
              root {{ root }};
        `,
        'templates/vhost-foot.tpl': conf`
              index index.html;
          }
        `,
      },
    },
    {
      title: 'names of an engine that nobody knows, between braces',
      files: {
        'web/shop': conf`
          server {
              listen 80;
              server_name {{ name }};
              location / {
                  proxy_pass http://{%APP_HOST%}:{%APP_PORT%};
              }
          }
        `,
      },
    },
    {
      title: 'definitions of one name in branches of a template that exclude each other, and in a loop',
      files: {
        'templates/nginx.conf.j2': conf`
          events {}
          http {
              {% if blue %}
              upstream app {
                  server 127.0.0.1:8000;
              }
              {% else %}
              upstream app {
                  server 127.0.0.1:8001;
              }
              {% endif %}
              {% for name, servers in pools.items() %}
              upstream {{ name }} {
                  {% for server in servers %}
                  server {{ server }};
                  {% endfor %}
              }
              {% endfor %}
              map $uri $section {
                  {% for page in pages %}
                  {{ page }} page;
                  {% endfor %}
                  default other;
              }
              server {
                  listen 80;
              }
          }
        `,
      },
    },
    {
      title: 'words of a template that may be none, and those of which a statement has one',
      files: {
        'templates/limits.conf.j2': conf`
          location {{ path }} {
              rewrite ^/old {{ path }}/new redirect {{ comment }};
              client_max_body_size {% if big %}10m{% else %}2m{% endif %};
              proxy_read_timeout {% if slow %}{{ slow }}s{% else %}60s{% endif %};
          }
        `,
      },
    },
    {
      title:
        'templates with statements that open a block for another one to close, or are the first part of a file',
      files: {
        'templates/shop.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              {% if guarded %}
              location /private {
              {% else %}
              location / {
              {% endif %}
                  root /srv/www;
              }
          }
        `,
        'templates/shared.conf.j2': conf`
          server {
              listen 80;
              {% if tls %}
              listen 443 ssl;
              {% endif %}
              server_name {{ name }};
              location / {
                  root /srv/www;
              }
        `,
      },
    },
    {
      title: 'a template of which a statement may end the block',
      files: {
        'templates/shop.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              root /srv/www;
          {% include 'end.j2' %}
        `,
      },
    },
    {
      title: 'a media type of a list that a template puts together',
      files: {
        'site.conf.j2': conf`
          server {
              listen 80;
              gzip_types {{ types }} {% if pages %}text/html{% endif %};
          }
        `,
      },
    },
    {
      title: 'a list of media types',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              gzip_types text/css application/javascript;
              sub_filter_types *;
              set_real_ip_from 10.1.0.0/16;
          }
        `,
      },
    },
    {
      title: 'words that only look wrong',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              index a}b a#b;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'a pattern of `map` that is empty, and fits whatever is left',
      files: {
        'nginx.conf': conf`
          map $http_x_request_id $trace {
              ""  $request_id;
              ~*  $http_x_request_id;
          }
        `,
      },
    },
    {
      title: 'tables of the size that long names need, and a method in front of `keepalive`',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            server_names_hash_bucket_size 128;
            map_hash_bucket_size 128;
            map $uri $moved {
                /articles/2019/how-we-moved-the-shop-to-a-new-house /news;
            }
            upstream app {
                least_conn;
                server 127.0.0.1:9000;
                keepalive 8;
            }
          `,
          site('server_name customers-of-the-old-shop.eu-central-1.staging.example.org;'),
          site(conf`
            server_name www.example.org;
            location / {
                proxy_pass http://app;
            }
          `),
        ]),
      },
    },
    {
      title: 'one server, for whose names nginx makes no table',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          site('server_name customers-of-the-old-shop.eu-central-1.staging.example.org;'),
        ),
      },
    },
  ],
  // A name that nginx ignores is `canonical-url/duplicate-server-name`.
  *check({ nginx }) {
    for (const configuration of nginx) {
      const { problems, supposed = [] } = configuration
      for (const { code, at, message } of supposed)
        if (code === 'buffers-inconsistent')
          yield {
            at,
            aspect: message,
            message: `${message}: nginx does not start, unless its main file sets other buffers`,
            confidence: 'medium' as const,
            help: BUFFERS,
          }
      for (const { code, fatal, inTemplate, message, at, related, misread, help, build } of problems) {
        if (code === 'conflicting-server-name') continue
        // Of Debian's packages `nginx/module-not-loaded` says more.
        if (code === 'module-not-loaded' && unloadedModules(configuration).length > 0) continue
        // Of the site that Debian's package has `nginx/stock-site-answers` says more.
        if (code === 'duplicate-default-server' && related?.some(isOfDebian) === true) continue
        yield {
          at,
          // One line may be wrong in several ways.
          aspect: message,
          message,
          fatal: fatal && !isOfExcerpt(code, at),
          // All lines of a build say the same of the file.
          ...(build !== undefined && { cause: at.source, aspect: build }),
          ...(code === 'unknown-directive' && isPasted(at) && { cause: at.source }),
          severity:
            isOfExcerpt(code, at) || HARMLESS.has(code)
              ? 'info'
              : fatal || inTemplate === 'refused'
                ? 'error'
                : 'warning',
          ...(related === undefined ? {} : { related }),
          ...(misread === undefined ? {} : { moot: misread }),
          ...given(help ?? wideSign(at)),
        }
      }
    }
  },
})

const given = (help: string | null) => (help === null ? {} : { help })

/** The advice for a line with a sign of a Chinese or Japanese keyboard, which nginx takes for a part of the word. */
function wideSign({ source, start }: Place): string | null {
  const end = source.text.indexOf('\n', start)
  const line = source.text.slice(start, end === -1 ? source.text.length : end)
  const [sign] = /[；｛｝]/.exec(line.replace(/#.*/, '')) ?? []
  return sign === undefined ? null : `Write \`${sign.normalize('NFKC')}\` for the full-width \`${sign}\``
}

function isOfDebian({ at: { source } }: { readonly at: Place }): boolean {
  return isStandIn(source) && source.path.endsWith('/sites-available/default')
}

const BUFFERS =
  'Set the buffers beside it, four of that size: `proxy_buffers 4 128k` for `proxy_buffer_size 128k`'

/** True for what a manual leaves out: an end behind a comment of dots, and the numbers of an address. */
function isOfExcerpt(code: NginxProblemCode, at: Place): boolean {
  if (code === 'unexpected-end-of-file') return endsLeftOut(at.source)
  return code === 'invalid-value' && isAddressToFillIn(at)
}
