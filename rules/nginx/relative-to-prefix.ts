import { posix } from 'node:path'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { nginxMain } from '../_examples.ts'

const tree = (line: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain('include /etc/nginx/sites-enabled/*;'),
  'etc/nginx/sites-enabled/shop.conf': conf`
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
        ${line}
    }
  `,
  'etc/nginx/sites-available/common.conf': 'location = /health { return 204; }',
  'etc/nginx/sites-available/.htpasswd': 'staff:{PLAIN}secret\n',
})

export default defineRule({
  summary: 'A relative path begins at the directory of the main file, not at that of the file it stands in',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx puts the directory of `nginx.conf` in front of every relative path, wherever it is written. What lies beside the file of a site is not found by its name alone: nginx does not start, `open() "/etc/nginx/common.conf" failed`, or answers 403 to every password.',
  remedy: 'Write the whole path',
  references: ['https://nginx.org/en/docs/ngx_core_module.html#include'],
  bad: [
    { title: 'a file that is included', files: tree('include «./common.conf»;') },
    {
      title: 'a file of passwords',
      files: tree(conf`
        auth_basic "Staff";
        auth_basic_user_file «.htpasswd»;
      `),
    },
  ],
  good: [
    { title: 'the path from the main file on', files: tree('include sites-available/common.conf;') },
    { title: 'the whole path', files: tree('include /etc/nginx/sites-available/common.conf;') },
    {
      title: 'a file that lies beside the main one, too',
      files: { ...tree('include common.conf;'), 'etc/nginx/common.conf': '' },
    },
    { title: 'a file that lies nowhere', files: tree('include other.conf;') },
  ],
  *check({ nginx: configurations, filesOf }) {
    for (const configuration of configurations) {
      const { main, occurrences } = configuration
      if (main === null) continue
      const home = posix.dirname(main.path)
      const files = filesOf(configuration)
      for (const name of WITH_PATH) {
        for (const directive of occurrences.get(name) ?? []) {
          const path = directive.args[0]?.value ?? ''
          if (path === '' || /^[/$~]|[*?[$:]/.test(path) || isUnknownWord(path)) continue
          if (files.kind(posix.join(home, path)) !== null) continue
          const beside = besideOf(directive.source.path, home).map(each => posix.join(each, path))
          const there = beside.find(each => files.kind(each) === 'file')
          if (there === undefined) continue
          const at = argumentPlace(directive, 0)
          yield {
            at,
            message: `\`${path}\` is \`${posix.join(home, path)}\` for nginx, which is not there: the file is \`${there}\``,
            label: 'begins at the directory of the main file',
            ...propose(`Write \`${there}\``, 'unsafe', [
              at.source.text.slice(at.start, at.end) === path ? replacePlace(at, there) : null,
            ]),
          }
        }
      }
    }
  },
})

/** Directives whose first word is the path of a file that has to be there. */
const WITH_PATH = [
  'include',
  'auth_basic_user_file',
  'ssl_certificate',
  'ssl_certificate_key',
  'ssl_client_certificate',
  'ssl_trusted_certificate',
  'ssl_dhparam',
]

/** Where the author of a file may have meant a relative path to begin; a linked site lies in `sites-available`. */
function besideOf(file: string, home: string): readonly string[] {
  const own = posix.dirname(file)
  if (own === home) return []
  return own.endsWith('/sites-enabled') ? [own, own.replace(/enabled$/, 'available')] : [own]
}
