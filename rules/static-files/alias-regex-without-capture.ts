import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: '`alias` in a regular expression location without a capture',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a location by regular expression there is no prefix that `alias` could replace: its value is the whole path. Without a capture every URL means the directory itself, and no file is served.',
  remedy: 'Capture the rest and insert it: `location ~ ^/media/(.+\\.png)$ { alias /srv/media/$1; }`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#alias'],
  bad: [
    {
      title: 'pictures of a directory',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~* ^/media/.*\.(?:png|jpg)$ {
              alias «/srv/media/»;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'with a capture',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~* ^/media/(.*\.(?:png|jpg))$ {
              alias /srv/media/$1;
          }
          location ~ ^/files/(?<name>.+)$ {
              alias /srv/files/$name;
          }
        `),
      },
    },
    {
      title: 'one file, and the URL of the directory alone',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ ^/favicon\.(?:ico|png)$ {
              alias /srv/www/favicon.ico;
          }
          location ~ ^/(?:docs|manual)/$ {
              alias /srv/docs/;
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const alias of occurrences.get('alias') ?? []) {
        const { parent } = alias
        if (parent?.name !== 'location') continue
        const { modifier, name } = readLocation(parent)
        if (modifier !== '~' && modifier !== '~*') continue
        const value = alias.args[0]?.value ?? ''
        if (value.includes('$') || isUnknownWord(value) || !value.endsWith('/') || /\/\$$/.test(name))
          continue
        // A rewrite may make the path, and a nested location has an alias of its own.
        if (
          parent.children.some(child => ['rewrite', 'location', 'return', 'try_files'].includes(child.name))
        )
          continue
        yield {
          at: argumentPlace(alias, 0),
          message: `every URL of this location means \`${value}\` itself, because \`alias\` inserts no capture of its regular expression`,
          related: [{ at: argumentPlace(parent, parent.args.length - 1), message: 'the regular expression' }],
        }
      }
    }
  },
})
