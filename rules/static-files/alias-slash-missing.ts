import { posix } from 'node:path'
import { endsUnknown, UNKNOWN } from '../../parsers/text/placeholder.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
  }
`

export default defineRule({
  summary: 'A location ends with a slash and its `alias` does not',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx puts the alias in place of the location’s path, letter by letter. With `alias /srv/img` in `location /img/` the file of `/img/a.png` is looked for as `/srv/imga.png`: 404, or a file beside the directory. A file in place of the whole URL is taken for a directory with an index: 500.',
  remedy: 'End both with a slash, or neither',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#alias'],
  bad: [
    {
      title: 'a directory',
      files: {
        'nginx.conf': site(conf`
          location /img/ {
              alias «/srv/img»;
          }
        `),
      },
    },
    {
      title: 'a directory that a template names in part',
      files: {
        'site.conf.j2': site(conf`
          location /2019/ {
              alias «{{ conference_dir }}/public»;
          }
        `),
      },
    },
    {
      title: 'a file for the start page',
      files: {
        'nginx.conf': site(conf`
          location = / {
              alias «/srv/img/start.html»;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'both end with a slash',
      files: {
        'nginx.conf': site(conf`
          location /img/ {
              alias /srv/img/;
          }
        `),
      },
    },
    {
      title: 'a location that every request leaves before a file is looked for',
      files: {
        'nginx.conf': site(conf`
          location / {
              alias /run/exporter/stats.prom;
              rewrite (.*) /metrics last;
          }
          location /metrics {
              root /run/exporter;
          }
        `),
      },
    },
    {
      title: 'one script for all below a path',
      files: {
        'nginx.conf': site(conf`
          location ^~ /tools/ {
              alias /srv/tools/adminer.php;
              include fastcgi.conf;
              fastcgi_param SCRIPT_FILENAME /srv/tools/adminer.php;
              fastcgi_pass 127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a file of an expression',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/img/(.*)/$ {
              alias /srv/img/$1;
          }
        `),
      },
    },
    {
      title: 'one page for a URL without a slash, and another answer',
      files: {
        'nginx.conf': site(conf`
          location = /img {
              alias /srv/img/index.html;
          }
          location = /old/ {
              alias /srv/img/index.html;
              return 301 /img/;
          }
        `),
      },
    },
    {
      title: 'a template that fills in the end',
      files: {
        'site.conf.j2': site(conf`
          location /img/ {
              alias /srv/{{ images }};
          }
          location /2019/ {
              alias {{ conference_dir }};
          }
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const alias of occurrences.get('alias') ?? []) {
        const { parent } = alias
        if (parent?.name !== 'location') continue
        const { modifier, name, at } = readLocation(parent)
        const written = alias.args[0]?.value ?? ''
        if (modifier === '=' && isFileForDirectory(parent, name, written)) {
          yield {
            at: argumentPlace(alias, 0),
            message: `nginx looks for the index of \`${name}\` behind the alias, as \`${written}index.html\`, which lies in no directory: 500`,
            label: 'a file for a URL that ends with a slash',
            related: [{ at, message: 'ends with a slash' }],
            help: `Write \`root ${posix.dirname(written)};\` and \`try_files /${posix.basename(written)} =404;\``,
          }
          continue
        }
        if ((modifier !== '' && modifier !== '^~') || !name.endsWith('/')) continue
        if (parent.children.some(leadsAway)) continue
        if (isScriptForAll(parent, written)) continue
        if (
          variableNames(written).length > 0 ||
          !(written.startsWith('/') || beginsWithPlaceholder(written)) ||
          // Of a placeholder in the middle the end is known all the same.
          endsUnknown(written) ||
          written.endsWith('/')
        )
          continue
        yield {
          at: argumentPlace(alias, 0),
          message: `\`${name}\` is replaced by \`${written}\`, so \`${name}a.css\` is looked for as \`${written}a.css\``,
          label: 'no slash at its end',
          related: [{ at, message: 'ends with a slash' }],
          ...propose('End the alias with a slash', 'unsafe', [insertAfter(argumentPlace(alias, 0), '/')]),
        }
      }
    }
  },
})

/** True for what answers every request of a location before a file is looked for. */
function leadsAway({ name, args }: NginxDirective): boolean {
  if (name !== 'rewrite') return name === 'return'
  return /^(?:\^?\/?\(?\.[*+]\)?\$?|\^)$/.test(args[0]?.value ?? '') && (args[2]?.value ?? '') !== 'break'
}

/** What may answer in place of the file of the alias. */
const ANSWERS = /_pass$|^(?:return|rewrite|if|try_files|set|internal)$/

/** True for one file in place of a URL that ends with a slash, which nginx takes for a directory. */
function isFileForDirectory({ children }: NginxDirective, name: string, written: string): boolean {
  if (!name.endsWith('/') || !/^\/[^$]*\/[^/$]+\.\w+$/.test(written) || endsUnknown(written)) return false
  return !children.some(child => ANSWERS.test(child.name))
}

/** True for `alias /srv/tools/adminer.php` beside `fastcgi_pass`: the one script answers, whatever stands behind the location. */
function isScriptForAll({ children }: NginxDirective, written: string): boolean {
  return /\.\w+$/.test(written) && children.some(({ name }) => name.endsWith('_pass'))
}

function beginsWithPlaceholder(written: string): boolean {
  return written.startsWith(UNKNOWN) && written.includes('/')
}
