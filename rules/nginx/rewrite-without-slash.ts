import { placeText } from '../../parsers/text/source.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isPass } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { pathWithoutSlash } from './_path-without-slash.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: 'A `rewrite` makes a path that does not begin with a slash',
  severity: 'error',
  otherSeverities: { warning: 'where no path matches, as a variable is written into the pattern' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx takes the replacement as it is. A backend gets `GET users HTTP/1.0`, which is no request: 400. Without a backend no location has such a path, and a file is looked for as `/srv/wwwusers`: 404.',
  remedy: 'Begin the replacement with `/`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite'],
  bad: [
    {
      title: 'for a backend',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api/ {
              rewrite ^/api/(.*)$ «$1» break;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a page',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
          }
          rewrite ^/old$ «new.html» last;
        `),
      },
    },
    {
      title: 'a flag in place of the path',
      files: {
        'etc/nginx/nginx.conf': nginx('rewrite ^/old/(.*)$ «permanent»;\nrewrite /new/page «permanent»;'),
      },
    },
    {
      title: 'a variable in the pattern, which no path matches',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api/ {
              rewrite ^/$request_uri «break»;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'lines that a shell writes',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              location /blog/ {
                  rewrite "^/blog(/.*)\$" \$1 break;
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
    {
      title: 'with a slash',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api/ {
              rewrite ^/api/(.*)$ /$1 break;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a page, with a slash',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
          }
          rewrite ^/old$ /new.html last;
        `),
      },
    },
    {
      title: 'the slash is in the group',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api/ {
              rewrite ^/api(/.*)$ $1 break;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a URL in the path, of which the address of the backend is made',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /fetch/ {
              rewrite ^/fetch/(.*)$ $1;
              set $target 127.0.0.1:9000/$uri;
              proxy_pass http://$target;
          }
        `),
      },
    },
    {
      title: 'a prefix without its slash',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api {
              rewrite ^/api(.*)$ $1 break;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a redirect',
      files: { 'etc/nginx/nginx.conf': nginx('rewrite ^/old/(.*)$ https://example.net/$1 permanent;') },
    },
    {
      title: 'a script whose path is written out',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          rewrite ^/(.*)$ index.php?q=$1 last;
          location ~ \.php$ {
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME $document_root/$fastcgi_script_name;
              fastcgi_pass unix:/run/php/site.sock;
          }
        `),
      },
    },
    {
      title: 'a variable that has the slash',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api/ {
              set $rest /users;
              rewrite ^ $rest break;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const line of configuration.occurrences.get('rewrite') ?? []) {
        const [pattern, replacement, flag] = line.args
        if (pattern === undefined || replacement === undefined || line.parent === null) continue
        const { value } = replacement
        if (flag === undefined && FLAGS.test(value)) {
          const isDead = ENDS_EARLY.test(pattern.value)
          yield {
            at: argumentPlace(line, 1),
            ...(isDead && { severity: 'warning' as const }),
            message: isDead
              ? `the rewrite has no replacement, and rewrites nothing: a pattern has no variables, and behind the end that \`$\` is in \`${pattern.value}\` no path goes on`
              : `nginx takes \`${value}\` for the replacement, and looks for a path of that name, which nothing has, in place of each that \`${pattern.value}\` matches: the rewrite has ${/^(?:\/|https?:|\$scheme)/.test(pattern.value) ? 'no pattern' : 'no replacement'}`,
            label: 'no flag here',
          }
          continue
        }
        // Before a variable it is one of a shell that makes the file; where it is left, another rule tells of it.
        if (value.startsWith('\\$')) continue
        if (value.startsWith('/') || isUnknownWord(value) || isUnknownWord(pattern.value)) continue
        if (/^(?:https?:\/\/|\$scheme|\?)/.test(value) || value === '') continue
        if (flag !== undefined && !/^(?:last|break)$/.test(flag.value)) continue
        const path = pathWithoutSlash(pattern.value, value)
        if (path === null || isHandledOtherwise(configuration, line, path)) continue
        const at = argumentPlace(line, 1)
        const written = placeText(at)
        yield {
          at,
          message: `\`${path.from}\` becomes \`${path.to}\`, which does not begin with a slash, so ${goesTo(line)}`,
          label: 'no slash',
          ...propose('Begin with a slash', 'unsafe', [
            /^["']/.test(written) ? null : replacePlace(at, `/${written}`),
          ]),
        }
      }
    }
  },
})

/** A variable of nginx in an expression, in which `$` is the end of the path. */
const ENDS_EARLY = /(?<!\\)\$\{?[a-z]\w*/

const FLAGS = /^(?:last|break|redirect|permanent)$/

/** True where another line than the path decides, or what the path becomes is a script that is found all the same. */
function isHandledOtherwise(
  { occurrences }: NginxConfiguration,
  line: NginxDirective,
  { to }: { readonly to: string },
): boolean {
  const { parent, args } = line
  const siblings = parent?.children ?? []
  // What is left is made into something else, such as the address of a backend or another path.
  const goesOn = args[2] === undefined && siblings.slice(siblings.indexOf(line) + 1).some(isRewrite)
  if (goesOn || siblings.some(each => each !== line && usesPath(each))) return true
  if (args[2]?.value === 'break') {
    const pass = siblings.find(({ name }) => isPass(name))
    if (pass === undefined) return siblings.some(({ name }) => name === 'alias' || name === 'try_files')
    return pass.name !== 'proxy_pass' || (pass.args[0]?.value.includes('$') ?? false)
  }
  // A pattern of a location may take what no prefix does, and the script be named by another variable.
  return (
    /\.php$/.test(to) &&
    (occurrences.get('fastcgi_param') ?? []).some(
      line =>
        line.args[0]?.value === 'SCRIPT_FILENAME' &&
        !/^\$(?:document_root|realpath_root)\$fastcgi_script_name$|^\$request_filename$/.test(
          line.args[1]?.value ?? '',
        ),
    )
  )
}

function isRewrite({ name }: NginxDirective): boolean {
  return name === 'rewrite'
}

function usesPath({ name, args }: NginxDirective): boolean {
  return name !== 'try_files' && args.some(({ value }) => /\$\{?(?:document_)?uri\b/.test(value))
}

function goesTo({ parent, args }: NginxDirective): string {
  const isProxied = args[2]?.value === 'break' && parent?.children.some(({ name }) => name === 'proxy_pass')
  return isProxied === true
    ? 'the backend gets no request that it can read: 400'
    : 'no location and no file has it'
}
