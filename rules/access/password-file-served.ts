import { groupBy } from '../../parsers/collections/group-by.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { urlOfFile } from '../../src/deployment/requests/url-of-file.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (file: string, lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
      location /staff/ {
          auth_basic "Staff";
          auth_basic_user_file ${file};
      }
    `),
  ),
  'srv/www/index.html': 'page',
})

export default defineRule({
  summary: 'Anybody can download the file of passwords',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [538],
  since: '0.1.0',
  why: 'nginx serves files whose names begin with a dot like all others. Who has the hashes tries passwords at home, as fast as the machine can, and logs in.',
  remedy: 'Keep it outside of every `root`, such as in `/etc/nginx`',
  references: ['https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html#auth_basic_user_file'],
  bad: [{ title: 'in the document root', files: nginx('«/srv/www/.htpasswd»') }],
  good: [
    { title: 'beside the configuration', files: nginx('/etc/nginx/staff.users') },
    {
      title: 'names with a dot are refused',
      files: nginx(
        '/srv/www/.htpasswd',
        conf`
          location ~ /\.ht {
              deny all;
          }
        `,
      ),
    },
    { title: 'below what asks for a password itself', files: nginx('/srv/www/staff/.htpasswd') },
  ],
  *check(deployment) {
    for (const { occurrences } of deployment.nginx) {
      const lines = occurrences.get('auth_basic_user_file') ?? []
      if (lines.length === 0) continue
      const directories = groupBy(
        ['root', 'alias'].flatMap(name => occurrences.get(name) ?? []),
        serverAround,
      )
      for (const line of lines) {
        const path = line.args[0]?.value ?? ''
        const home = serverAround(line)
        const server = home === null ? undefined : serversAround(deployment).get(home)
        if (server === undefined || !path.startsWith('/') || path.includes('$')) continue
        for (const by of directories.get(home) ?? []) {
          const url = urlOfFile(deployment, server, by, path)
          if (url === null) continue
          yield {
            at: argumentPlace(line, 0),
            message: `\`${url}\` sends the file of passwords to everyone`,
            related: [{ at: argumentPlace(by, 0), message: 'serves the directory around it' }],
          }
          break
        }
      }
    }
  },
})
