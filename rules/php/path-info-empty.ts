import type { Place } from '../../parsers/text/source.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { phpPool } from './_examples.ts'

const tree = (
  lines: string,
  value = '$fastcgi_path_info',
  location = '~ [^/]\\.php(/|$)',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            root /srv/www;
            location ${location} {
                ${lines}
                include fastcgi_params;
                fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                fastcgi_param PATH_INFO ${value};
                fastcgi_pass unix:/run/php/php8.2-fpm.sock;
            }
        }
    }
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})
const SPLIT = 'fastcgi_split_path_info ^(.+\\.php)(/.+)$;'

export default defineRule({
  summary: 'PATH_INFO is always empty',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`$fastcgi_path_info` is what the second group of `fastcgi_split_path_info` matches in the URI: nothing without the directive, and nothing after `try_files`, which makes the script the URI before the parameter is set. `/index.php/users/7` reaches PHP as `/index.php`, and the application answers with its start page.',
  remedy:
    'Keep it in a variable first: `set $path_info $fastcgi_path_info;`, before `try_files`, and send `PATH_INFO $path_info`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_split_path_info',
    'https://trac.nginx.org/nginx/ticket/321',
  ],
  bad: [
    {
      title: 'try_files changes the URI',
      files: tree(
        conf`
          ${SPLIT}
          try_files $fastcgi_script_name =404;
        `,
        '«$fastcgi_path_info»',
      ),
    },
    { title: 'nothing splits the URI', files: tree('', '«$fastcgi_path_info»') },
    {
      title: 'try_files looks for a file of the whole URI',
      files: tree(conf`
        ${SPLIT}
        try_files «$uri» =404;
      `),
    },
  ],
  good: [
    { title: 'split, and no try_files', files: tree(SPLIT) },
    {
      title: 'kept in a variable',
      files: tree(
        conf`
          ${SPLIT}
          set $path_info $fastcgi_path_info;
          try_files $fastcgi_script_name =404;
        `,
        '$path_info',
      ),
    },
    {
      title: 'a location that no URI with PATH_INFO reaches, as the file of Debian is used',
      files: tree(
        conf`
          ${SPLIT}
          try_files $fastcgi_script_name =404;
        `,
        '$fastcgi_path_info',
        '~ \\.php$',
      ),
    },
    {
      title: 'split in the server',
      files: Object.fromEntries(
        Object.entries(tree('')).map(([path, text]) => [
          path,
          text.replace('root /srv/www;', `root /srv/www;\n            ${SPLIT}`),
        ]),
      ),
    },
    {
      title: 'a fallback that is not a file',
      files: tree(conf`
        ${SPLIT}
        try_files $uri @php;
      `),
    },
  ],
  *check({ connections }) {
    for (const connection of connections.nginx) {
      const { pass, server, block } = connection
      if (pass.name !== 'fastcgi_pass' || !takesPathInfo(connection)) continue
      const set = requestParameters(server.configuration, block, 'fastcgi')
      const sent = set.known ? set.value.headers.findLast(({ name }) => name === 'PATH_INFO') : undefined
      if (sent?.at == null) continue
      const split = effective(server.configuration, block, 'fastcgi_split_path_info')
      if (!split.known || !split.value.complete) continue
      const isDirect = /^\$(?:fastcgi_path_info|\{fastcgi_path_info\})$/.test(sent.value)
      if (split.value.directives.length === 0) {
        if (isDirect)
          yield {
            at: sent.at,
            message: 'no `fastcgi_split_path_info` holds here, so `$fastcgi_path_info` is always empty',
            label: 'empty',
            help: 'Write `fastcgi_split_path_info ^(.+?\\.php)(/.*)$;` in this location',
          }
        continue
      }
      const tried = triedFile(block)
      if (tried === null) continue
      if (tried.what === 'script' && isDirect)
        yield {
          at: sent.at,
          message:
            '`try_files` makes the script the URI before this is sent, so `$fastcgi_path_info` is always empty',
          label: 'empty',
          related: [{ at: tried.at, message: 'what is left of the URI' }],
        }
      else if (tried.what === 'uri')
        yield {
          at: tried.at,
          message:
            'no file has a PATH_INFO in its name, so `try_files` answers 404 to each request that has one',
          label: 'the whole URI',
          related: [{ at: sent.at, message: 'never sent' }],
          help: 'Write `set $path_info $fastcgi_path_info;` and `try_files $fastcgi_script_name =404;`',
        }
    }
  },
})

/** True for an expression that a script with something behind it matches, and no plain `\.php$`. */
function takesPathInfo({ block }: NginxConnection): boolean {
  if (block.name !== 'location') return false
  const { modifier, name } = readLocation(block)
  return /^~/.test(modifier) && /php/.test(name) && !/php\d?\)?\$$/.test(name)
}

/** What a `try_files` that ends in a status looks for before the script runs; null for any other. */
function triedFile(block: NginxDirective): { readonly what: 'script' | 'uri'; readonly at: Place } | null {
  const line = block.children.find(({ name }) => name === 'try_files')
  if (line === undefined || line.args.length !== 2 || !/^=\d/.test(line.args[1]?.value ?? '')) return null
  const at = argumentPlace(line, 0)
  if (/^\$\{?fastcgi_script_name\}?$/.test(line.args[0]?.value ?? '')) return { what: 'script', at }
  return /^\$\{?uri\}?$/.test(line.args[0]?.value ?? '') ? { what: 'uri', at } : null
}
