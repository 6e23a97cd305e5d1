import { posix } from 'node:path'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { isKeptByGit } from '../../src/deployment/is-absent.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { mayBePathOfUrl, unfilledStart } from '../_misread-path.ts'
import { isBrought, knowsFiles } from '../containers/_mounted.ts'

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

const container = (image: string, volume: string, file: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        ${image}
        ports: ["80:80"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          ${volume}
  `,
  'site.conf': nginxServer(conf`
    root /usr/share/nginx/html;
    auth_basic "Staff";
    auth_basic_user_file ${file};
  `),
})

export default defineRule({
  summary: 'The file of passwords that nginx is told of is not there',
  severity: 'error',
  otherSeverities: {
    warning: 'where nothing brings it into a container, which another compose file of the project may do',
  },
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
    {
      title: 'a container to which nothing brings it',
      files: container('image: nginx:1.27', '', '«/etc/nginx/.htpasswd»'),
    },
  ],
  good: [
    {
      title: 'a directory of passwords for a container',
      files: container(
        'image: nginx:1.27',
        '- ./passwords:/etc/nginx/passwords:ro',
        '/etc/nginx/passwords/staff',
      ),
    },
    {
      title: 'an image whose files nobody knows',
      files: container('image: ghcr.io/example/nginx:3', '', '/etc/nginx/.htpasswd'),
    },
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
  *check(deployment) {
    const containers = new Map(
      programsOfKind(deployment, 'nginx').map(({ configuration, machine }) => [
        configuration,
        machine.container,
      ]),
    )
    for (const configuration of deployment.nginx) {
      const files = deployment.filesOf(configuration)
      const container = containers.get(configuration) ?? null
      for (const line of configuration.occurrences.get('auth_basic_user_file') ?? []) {
        const path = line.args[0]?.value ?? ''
        const at = argumentPlace(line, 0)
        const misread = misreadPath(configuration, files, path)
        if (misread !== null) {
          yield { at, ...misread }
          continue
        }
        if (!path.startsWith('/') || path.includes('$') || isUnknownWord(path)) continue
        if (files.kind(path) !== null || /^\/(?:run|tmp|var\/run)\//.test(path)) continue
        if (container !== null && knowsFiles(container) && !isBrought(container, posix.normalize(path)))
          yield {
            at,
            severity: 'warning',
            confidence: 'medium',
            message: `nothing brings \`${path}\` into the container, so nginx answers 403 to every password`,
            label: 'not in this container',
            related: [{ at: container.service.at, message: 'the container of nginx' }],
            help: 'Mount the file that `htpasswd` wrote',
          }
        // Of what no nginx here reads, such as a template, somebody makes the rest.
        else if (configuration.main !== null && !isKeptByGit(files) && files.covers(path))
          yield { at, message: `no such file: \`${path}\`, so nginx answers 403 to every password` }
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
