import { posix } from 'node:path'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { isKeptByGit } from '../../src/deployment/is-absent.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { mayBePathOfUrl, unfilledStart } from '../_misread-path.ts'

/** A copy of `/etc/nginx` that is whole, so that what it lacks is not there. */
const tree = (file: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      location /staff/ {
          auth_basic "Staff";
          auth_basic_user_file ${file};
      }
    `),
  ),
  'etc/nginx/mime.types': 'types { text/html html; }',
  'etc/nginx/fastcgi_params': '',
  'etc/nginx/scgi_params': '',
  'etc/nginx/uwsgi_params': '',
  'etc/nginx/.htpasswd': 'staff:{PLAIN}secret\n',
})

export default defineRule({
  summary: 'The file of passwords that nginx is told of is not there',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`nginx -t` does not look for the file. nginx asks for a password, and answers 403 to every one that is sent.',
  remedy: 'Name the file that `htpasswd` wrote',
  references: ['https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html#auth_basic_user_file'],
  bad: [
    { title: 'another name', files: tree('«/etc/nginx/htpasswd»') },
    {
      title: 'a path that a shell would fill in',
      files: { 'site.conf': tree('«~/.htpasswd»')['etc/nginx/nginx.conf']! },
    },
    {
      title: 'the path of a URL',
      files: { ...tree('«/staff/.htpasswd»'), 'srv/www/staff/.htpasswd': 'staff:{PLAIN}secret\n' },
    },
  ],
  good: [
    {
      title: 'a tree that git keeps, without the passwords',
      files: { ...tree('/etc/nginx/htpasswd'), '.gitignore': 'htpasswd\n' },
    },
    { title: 'the file is there', files: tree('/etc/nginx/.htpasswd') },
    { title: 'below the directory of nginx', files: tree('.htpasswd') },
    {
      title: 'a variable that nginx fills in',
      files: { ...tree('$document_root/.htpasswd'), 'srv/www/.htpasswd': 'staff:{PLAIN}secret\n' },
    },
    {
      title: 'a template that nothing here reads',
      files: {
        ...tree('/etc/nginx/.htpasswd'),
        'opt/panel/templates/private.conf': nginxServer(conf`
          auth_basic "Staff";
          auth_basic_user_file /etc/nginx/htpasswd;
        `),
      },
    },
    {
      title: 'nothing is known of the directory',
      files: {
        'site.conf': nginxServer(conf`
          auth_basic "Staff";
          auth_basic_user_file /etc/nginx/htpasswd;
        `),
      },
    },
  ],
  *check({ nginx, filesOf }) {
    for (const configuration of nginx) {
      const files = filesOf(configuration)
      for (const line of configuration.occurrences.get('auth_basic_user_file') ?? []) {
        const path = line.args[0]?.value ?? ''
        const misread = misreadPath(configuration, files, path)
        if (misread !== null) {
          yield { at: argumentPlace(line, 0), ...misread }
          continue
        }
        // Of what no nginx here reads, such as a template, somebody makes the rest.
        if (configuration.main === null || isKeptByGit(files)) continue
        if (!path.startsWith('/') || path.includes('$') || isUnknownWord(path)) continue
        if (files.kind(path) !== null || !files.covers(path) || /^\/(?:run|tmp|var\/run)\//.test(path))
          continue
        yield {
          at: argumentPlace(line, 0),
          message: `no such file: \`${path}\`, so nginx answers 403 to every password`,
        }
      }
    }
  },
})

/** A path that nginx reads otherwise than whoever wrote it, wherever its own files lie. */
function misreadPath(
  { occurrences }: NginxConfiguration,
  files: FileSystem,
  path: string,
): { readonly message: string; readonly help: string } | null {
  if (isUnknownWord(path)) return null
  const mark = path.startsWith('$') ? null : unfilledStart(path)
  if (mark !== null)
    return {
      message: `nginx takes \`${mark}\` as it stands, below its own directory, where the file is not: 403 to every password`,
      help: 'Write the whole path of the file, from `/` on',
    }
  if (path.includes('$') || !mayBePathOfUrl(path) || files.kind(path) !== null) return null
  const root = (occurrences.get('root') ?? [])
    .map(({ args }) => args[0]?.value ?? '')
    .find(each => each.startsWith('/') && files.kind(posix.join(each, path)) === 'file')
  return root === undefined
    ? null
    : {
        message: `\`${path}\` is the path of a URL: nginx looks for the file from the root of the file system on, so it answers 403 to every password`,
        help: `Write the whole path: \`${posix.join(root, path)}\``,
      }
}
