import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { decodedVariable } from '../_decoded-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

const DECODED = /\$(?:(?:uri|document_uri)(?![A-Za-z0-9_])|\{(?:uri|document_uri)\})/
const REDIRECT_CODES = new Set(['301', '302', '303', '307', '308'])
const ABSOLUTE = /^(?:https?:\/\/|\$scheme)/

/** A server with these lines. */
const guarded = (lines: string): Readonly<Record<string, string>> => ({
  'nginx.conf': conf`
    server {
        listen 80;
        server_name example.org;
        ${lines}
    }
  `,
})

export default defineRule({
  summary: 'A response header repeats the decoded path, so a client can write headers of its own',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 6.1,
  cwe: [113],
  since: '0.1.0',
  why: '`$uri` holds the path after decoding: `%0d%0a` in it ends the header line, and what follows is a header, or a whole answer, of the attacker’s choosing: cookies, cached pages, scripts.',
  remedy: 'Use `$request_uri`, which stays as the client encoded it',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#var_uri',
    'https://cwe.mitre.org/data/definitions/113.html',
  ],
  bad: [
    {
      title: 'a redirect to TLS',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              return 301 «https://example.org$uri»;
          }
        `,
      },
    },
    {
      title: 'the query repeated with it',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location /old/ {
                  return 302 «https://example.org$uri$is_args$args»;
              }
          }
        `,
      },
    },
    {
      title: 'a header of its own',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location / {
                  add_header X-Path «"$document_uri"»;
              }
          }
        `,
      },
    },
    {
      title: 'a part of the path that an expression captures',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location ~ ^/users/([^/]+)/profile$ {
                  return 302 «https://example.org/profile/$1»;
              }
          }
        `,
      },
    },
    {
      title: 'a part of the path that has a name, in a header of its own',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location ~ ^/v/(?<release>[^/]*)/ {
                  add_header X-Release «$release» always;
              }
          }
        `,
      },
    },
    {
      title: 'line ends in small letters pass',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location / {
                  if ($request_uri ~ "%0A") {
                      return 403;
                  }
                  return 301 «https://example.org$uri»;
              }
          }
        `,
      },
    },
    {
      title: 'they are refused too late',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location / {
                  return 301 «https://example.org$uri»;
                  if ($request_uri ~* "%0A") {
                      return 403;
                  }
              }
          }
        `,
      },
    },
    {
      title: 'a location for line ends that the server comes before',
      files: guarded(conf`
        return 301 «https://example.org$uri»;
        location ~ "[\r\n]" {
            return 400;
        }
      `),
    },
    {
      title: 'a location for line ends behind what keeps expressions out, and behind another expression',
      files: guarded(conf`
        location ^~ /old/ {
            return 302 «https://example.org$uri»;
        }
        location ~ ^/new {
            return 302 «https://example.org/old$uri»;
        }
        location ~ "[\r\n]" {
            return 400;
        }
      `),
    },
    {
      title: 'a location for line ends as a client writes them, which no decoded path holds',
      files: guarded(conf`
        location ~* %0[ad] {
            return 400;
        }
        location / {
            return 302 «https://example.org$uri»;
        }
      `),
    },
  ],
  good: [
    {
      title: 'one path, as the condition has it',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              if ($uri = "/signed-out") {
                  return 302 https://www.example.org$uri;
              }
          }
        `,
      },
    },
    {
      title: 'a header of a URL that another server has signed, and verifies as it was sent',
      files: guarded(conf`
        resolver 127.0.0.53;
        location ~ ^/storage/([^/]+)/([^/]+)/(.+) {
            auth_request /verify;
            proxy_pass $1://$2/$3$is_args$args;
            add_header X-Storage $2;
        }
        location = /verify {
            internal;
            proxy_pass http://127.0.0.1:9001;
            proxy_set_header X-Original-URI $request_uri;
        }
      `),
    },
    {
      title: 'the request as it was sent',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              return 301 https://example.org$request_uri;
          }
        `,
      },
    },
    {
      title: 'a location for paths with line ends',
      files: guarded(conf`
        location ~ "[\r\n]" {
            return 400;
        }
        location / {
            return 302 https://example.org$uri;
        }
      `),
    },
    {
      title: 'a location for paths with blanks of any kind, behind those that take prefixes',
      files: guarded(conf`
        location /old/ {
            location /old/files/ {
                return 302 https://example.org$uri;
            }
        }
        location ~* \s {
            deny all;
        }
      `),
    },
    {
      title: 'a location inside, in front of `^~`',
      files: guarded(conf`
        location ^~ /old/ {
            location ~ [\n] {
                return 444;
            }
            return 302 https://example.org$uri;
        }
      `),
    },
    {
      title: 'the path of a directory that is there',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location / {
                  if (-d $request_filename) {
                      rewrite [^/]$ $scheme://$http_host$uri/ permanent;
                  }
              }
          }
        `,
      },
    },
    {
      title: 'a body, which no header follows',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              return 200 "$uri";
          }
        `,
      },
    },
    {
      title: 'one exact path, which holds no line end',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location = /old {
                  return 301 https://example.org$uri;
              }
          }
        `,
      },
    },
    {
      title: 'a path of word characters alone',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location ~ ^/[a-z0-9/-]+$ {
                  return 301 https://example.org$uri;
              }
          }
        `,
      },
    },
    {
      title: 'a file that only has the name in it',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location / {
                  try_files $uri $uri/ =404;
              }
          }
        `,
      },
    },
    {
      title: 'a part of the path without line ends',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location ~ ^/users/([a-z0-9]+)/profile$ {
                  return 302 https://example.org/profile/$1;
              }
          }
        `,
      },
    },
    {
      title: 'one letter of the path',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location ~ /([^.])$ {
                  return 302 https://example.org/letters/$1;
              }
          }
        `,
      },
    },
    {
      title: 'a server that refuses line ends',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              if ( $request_uri ~* "%0A|%0D" ) {
                  return 400;
              }
              location /old/ {
                  return 301 https://example.org$uri;
              }
          }
        `,
      },
    },
    {
      title: 'a location that does',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location / {
                  if ($request_uri ~* "%0A|%0D") {
                      return 403;
                  }
                  rewrite ^ https://example.org$uri permanent;
              }
          }
        `,
      },
    },
    {
      title: 'another path for them',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              if ($uri ~ "\\n") {
                  rewrite ^ /bad last;
              }
              location / {
                  return 301 https://example.org$uri;
              }
          }
        `,
      },
    },
    {
      title: 'a map beside the server, and a value',
      files: {
        'nginx.conf': conf`
          map $request_uri $bad {
              default 0;
              "~*%0A|%0D" 1;
          }
          server {
              listen 80;
              location / {
                  if ($bad = 1) {
                      return 403;
                  }
                  return 301 https://example.org$uri;
              }
          }
        `,
      },
    },
    {
      title: 'a variable that conditions set',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              if ($request_uri ~* "%0A") {
                  set $bad 1;
              }
              if ($request_uri ~* "%0D") {
                  set $bad 1;
              }
              if ($bad) {
                  return 403;
              }
              location / {
                  return 301 https://example.org$uri;
              }
          }
        `,
      },
    },
    {
      title: 'a map of what is refused',
      files: {
        'nginx.conf': conf`
          events {
          }
          http {
              map $request_uri $bad {
                  default 0;
                  "~*%0[ad]" 1;
              }
              server {
                  listen 80;
                  if ($bad) {
                      return 403;
                  }
                  location / {
                      return 301 https://example.org$uri;
                  }
              }
          }
        `,
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const name of ['return', 'rewrite', 'add_header']) {
        for (const directive of occurrences.get(name) ?? []) {
          const index = headerArgument(directive)
          const value = index === null ? undefined : directive.args[index]?.value
          const variable = value === undefined ? null : decodedVariable(value, directive, occurrences)
          if (index === null || variable === null) continue
          // What a `rewrite` captures is escaped again in a redirect.
          if (name === 'rewrite' && /^[1-9]$/.test(variable)) continue
          if (isOfExistingFile(directive) || isOfOnePath(directive)) continue
          const place = argumentPlace(directive, index)
          const written = placeText(place)
          const whole = written.replace(/\$(?:document_)?uri(?:\$is_args|\?)\$args/, '$request_uri')
          yield {
            at: place,
            message: `\`${name}\` puts \`$${variable}\` into a response header, and \`%0d%0a\` in a URL ends that header and begins another`,
            label: 'decoded before it is sent',
            ...(name === 'rewrite' || !DECODED.test(written)
              ? {}
              : whole === written
                ? propose('Use the path as the client sent it', 'unsafe', [
                    replacePlace(place, written.replace(DECODED, '$request_uri')),
                  ])
                : propose('Use the request as the client sent it', 'safe', [replacePlace(place, whole)])),
          }
        }
      }
    }
  },
})

/** True inside of `if (-d $request_filename)`: no file's name has a line end in it. */
function isOfExistingFile({ parent }: NginxDirective): boolean {
  if (parent?.name !== 'if') return false
  const condition = parent.args.map(({ value }) => value).join(' ')
  return /^\(\s*-[def]\s.*\$(?:uri|document_uri|request_filename)\b/.test(condition)
}

/** True inside of `if ($uri = "/path")`: one path, as it is written. */
function isOfOnePath({ parent }: NginxDirective): boolean {
  if (parent?.name !== 'if') return false
  const condition = parent.args.map(({ value }) => value).join(' ')
  return /^\(\s*\$(?:document_)?uri\s*=\s*["']?\/[^$]*\)$/.test(condition)
}

/** The index of the argument that becomes a header's value; null where none does. */
function headerArgument({ name, args }: NginxDirective): number | null {
  const first = args[0]?.value ?? ''
  const second = args[1]?.value ?? ''
  if (name === 'add_header') return args.length >= 2 ? 1 : null
  if (name === 'return') {
    if (args.length === 1) return ABSOLUTE.test(first) ? 0 : null
    return REDIRECT_CODES.has(first) ? 1 : null
  }
  const flag = args[2]?.value
  return ABSOLUTE.test(second) || flag === 'redirect' || flag === 'permanent' ? 1 : null
}
