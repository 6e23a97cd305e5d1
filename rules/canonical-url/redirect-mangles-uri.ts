import { argumentPlace } from '../../src/deployment/places.ts'
import { directivePlace, propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

/** Regular expressions that take the whole path as `$1`, with or without its first slash. */
const WHOLE_PATH = /^\^?(\/?)\((\.\*|\.\+)\)\$?$/
/** An absolute target that ends in that capture and nothing else; a last `?` drops the query. */
const TARGET = /^((?:https?|\$scheme):\/\/[^/?]+)(\/?)\$(?:1|\{1\})(\??)$/

export default defineRule({
  summary: 'A redirect decodes the URL and sends the client to another one',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A capture holds the decoded, normalised path: `%2F` comes back as `/`, `%3F` begins a query and `//` becomes `/`, so a link that worked on one host name leads elsewhere on the other.',
  remedy:
    'Redirect with `return 301 https://example.org$request_uri;`, which repeats the request as it was sent',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#var_request_uri',
  ],
  bad: [
    {
      title: 'www redirected by rewrite',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name www.example.org;
              rewrite ^/(.*) «http://example.org/$1» permanent;
          }
        `,
      },
    },
    {
      title: 'a temporary redirect to TLS',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              rewrite ^(.*)$ «https://$host$1» redirect;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'the request as it was sent',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name www.example.org;
              return 301 http://example.org$request_uri;
          }
        `,
      },
    },
    {
      title: 'a rewrite that alters the path on purpose',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              rewrite ^/blog/(.*) https://blog.example.org/$1 permanent;
              rewrite ^/(.*) https://archive.example.org/old/$1 permanent;
          }
        `,
      },
    },
    {
      title: 'a query that is made anew',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              set $args "logout=1";
              rewrite ^(.*)$ https://example.org$1 redirect;
          }
        `,
      },
    },
    {
      title: 'an internal rewrite',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              rewrite ^/(.*) /index.php?path=$1 last;
          }
        `,
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const rewrite of occurrences.get('rewrite') ?? []) {
        const [pattern, replacement, flag] = rewrite.args
        if (pattern === undefined || replacement === undefined) continue
        const path = WHOLE_PATH.exec(pattern.value)
        const target = TARGET.exec(replacement.value)
        if (path === null || target === null) continue
        const [, base = '', slash, dropsQuery] = target
        // `^/(.*)` leaves the slash out of the capture, `^(.*)` holds it: else the target is another path.
        if ((path[1] === '/') !== (slash === '/')) continue
        // A query that was made anew goes into the redirect by itself, which `$request_uri` would undo.
        if (setsQuery(rewrite)) continue
        const status = flag?.value === 'permanent' ? 301 : 302
        yield {
          at: argumentPlace(rewrite, 1),
          message: `\`rewrite\` builds \`${replacement.value}\` from the decoded path, so an escaped slash or question mark in the URL changes`,
          label: 'the capture is no longer what the client sent',
          help: `Write \`return ${status} ${base}$request_uri;\``,
          ...(dropsQuery === '' && !followsRewrite(rewrite)
            ? propose('Redirect to the request as it was sent', 'safe', [
                replacePlace(directivePlace(rewrite), `return ${status} ${base}$request_uri;`),
              ])
            : {}),
        }
      }
    }
  },
})

function setsQuery({ parent }: NginxDirective): boolean {
  return parent?.children.some(({ name, args }) => name === 'set' && args[0]?.value === '$args') === true
}

/** True where an earlier rewrite may have changed the path, which `$request_uri` would undo. */
function followsRewrite(rewrite: NginxDirective): boolean {
  for (const sibling of rewrite.parent?.children ?? []) {
    if (sibling === rewrite) return false
    if (sibling.name === 'rewrite' || sibling.name === 'if') return true
  }
  return false
}
