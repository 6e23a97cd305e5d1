import { posix } from 'node:path'
import { isUnknownWord, placeText } from '../../parsers/text/source.ts'
import { type ComposeProject, saysWhatRuns } from '../../parsers/compose/compose.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { composeProjects } from './_compose-projects.ts'
import { siteTo } from './_examples.ts'
import { missingSource } from './_missing-source.ts'

const SITE = siteTo('127.0.0.1:8000')
const tree = (volume: string, files: Record<string, string> = { 'nginx/site.conf': SITE }) => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ${volume}
          - ./nginx/site.conf:/etc/nginx/conf.d/site.conf
  `,
  ...files,
})
/** A file for an `include` in a directory of which the repository has the other one. */
const withIncluded = (source: string, present: string, more = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ${source.replace('»', '')}:/etc/nginx/included.conf${source.endsWith('»') ? '»' : ''}
          - ./nginx/site.conf:/etc/nginx/conf.d/site.conf
          ${more}
  `,
  'nginx/site.conf': SITE,
  [`nginx/${present}`]: 'gzip on;\n',
})

export default defineRule({
  summary: 'A directory is mounted where a file is meant, or a file over a directory',
  severity: 'error',
  otherSeverities: {
    warning:
      'where the file is not there, and one of nearly its name or place is, and for a volume in the place of a file',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker mounts a directory over a directory alone, and a file over a file. It does not start the container else: `not a directory: Are you trying to mount a directory onto a file (or vice-versa)?` Of a path that is not there it makes an empty directory, so that a wrong path of a file ends the same way, and where the image has nothing at that place the program finds a directory instead of its file.',
  remedy: 'Mount the file itself: `./nginx/nginx.conf:/etc/nginx/nginx.conf:ro`',
  references: [
    'https://docs.docker.com/engine/storage/bind-mounts/',
    'https://docs.docker.com/reference/compose-file/services/#volumes',
  ],
  unproven: 'The live tests start no containers: what Docker mounts, no loopback shows',
  bad: [
    {
      title: 'a volume for a file that a program writes',
      files: {
        'docker-compose.yml': conf`
          services:
            proxy:
              image: traefik:v3
              command: --certificatesresolvers.web.acme.storage=/letsencrypt/acme.json
              volumes:
                - «certificates:/letsencrypt/acme.json»
          volumes:
            certificates:
        `,
      },
    },
    {
      title: 'a directory with a slip in its name',
      files: {
        'docker-compose.yml': conf`
          services:
            php:
              image: php:8.3-fpm
              volumes:
                - ./docker-php/php.ini:/usr/local/etc/php/php.ini
                - «./dokcer-php/fpm/pool.conf:/usr/local/etc/php-fpm.d/zz-pool.conf»
        `,
        'docker-php/php.ini': 'memory_limit = 128M\n',
        'docker-php/fpm/pool.conf': conf`
          [www]
          pm.max_children = 8
        `,
      },
    },
    {
      title: 'a file that the repository has with a number',
      files: withIncluded('«./nginx/gzip.dev.conf»', '20-gzip.dev.conf'),
    },
    {
      title: 'a file with other separators',
      files: withIncluded('«./nginx/include.shop_common.conf»', 'include.server.common.conf'),
    },
    {
      title: 'a script that has become two',
      files: {
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - ./nginx/site.conf:/etc/nginx/conf.d/default.conf
            shop:
              build: ./shop
              volumes:
                - «./migrate_data.sh:/usr/lib/migrate_data.sh»
        `,
        'nginx/site.conf': SITE,
        'migrate_databases.sh': '#!/bin/sh\n',
        'migrate_files.sh': '#!/bin/sh\n',
      },
    },
    {
      title: 'a file whose ending is written the other way',
      files: {
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - ./nginx/site.conf:/etc/nginx/conf.d/default.conf
            collector:
              image: otel/opentelemetry-collector:0.120.0
              volumes:
                - «./otel.yaml:/etc/otelcol/config.yaml»
        `,
        'nginx/site.conf': SITE,
        'otel.yml': 'receivers: {}\n',
      },
    },
    { title: 'a directory over the main file', files: tree('«./nginx:/etc/nginx/nginx.conf:ro»') },
    {
      title: 'a file over the directory of sites',
      files: tree('«./nginx/site.conf:/etc/nginx/conf.d»'),
    },
    {
      title: 'a directory over the main file of Apache',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: httpd:2.4
              volumes:
                - «./apache:/usr/local/apache2/conf/httpd.conf»
        `,
        'apache/httpd.conf': 'Listen 80\n',
        'nginx/site.conf': SITE,
      },
    },
    {
      title: 'a file that is called otherwise',
      files: {
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - «./nginx/nginx.conf:/etc/nginx/conf.d/default.conf:ro»
        `,
        'nginx/default.conf': SITE,
      },
    },
    {
      title: 'a file that lies elsewhere',
      files: {
        ...tree('./static:/static'),
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - «./site.conf:/etc/nginx/conf.d/default.conf:ro»
        `,
      },
    },
    {
      title: 'a file that lies two directories down, by the same path',
      files: {
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - «./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro»
        `,
        'docker/nginx/site.conf': SITE,
        'README.md': 'The site is `docker/nginx/site.conf`.\n',
      },
    },
  ],
  good: [
    {
      title: 'a directory that is called like a script',
      files: {
        'docker-compose.yml': conf`
          services:
            acme:
              image: nginxproxy/acme-companion
              volumes: ["acme:/etc/acme.sh"]
          volumes:
            acme:
        `,
      },
    },
    {
      title: 'a volume for the directory of the file, and for one that a dot is in',
      files: {
        'docker-compose.yml': conf`
          services:
            proxy:
              image: traefik:v3
              volumes:
                - certificates:/letsencrypt
                - more:/etc/traefik/conf.d
          volumes:
            certificates:
            more:
        `,
      },
    },
    {
      title: 'paths of a file that is laid over one in the directory above',
      files: {
        'suites/docker-compose.yml': 'services:\n  nginx:\n    image: nginx:1.27\n',
        'suites/login/compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - ./login/site.conf:/etc/nginx/conf.d/default.conf:ro
        `,
        'suites/login/site.conf': SITE,
      },
    },
    {
      title: 'a file that a script makes of one that lies elsewhere',
      files: {
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
        `,
        'docker/nginx/site.conf': SITE,
        'deploy.sh': conf`
          #!/bin/sh
          mkdir -p nginx
          sed "s/example/$NAME/" docker/nginx/site.conf > nginx/site.conf
          docker compose up -d
        `,
      },
    },
    {
      title: 'a directory that each machine has of its own, beside one of nearly its name',
      files: {
        'docker-compose.yml': conf`
          services:
            php:
              image: php:8.3-fpm
              volumes:
                - ./php-data1/uploads:/srv/uploads
        `,
        'php-data2/pages/index.html': '<p>\n',
      },
    },
    ...[
      {
        title: 'a script that makes the file',
        files: { 'setup.sh': 'cp shop-cache.conf nginx/shop-gzip.conf\n' },
      },
      { title: 'a file that git ignores', files: { '.gitignore': 'shop-gzip.conf\n' } },
      {
        title: 'a file beside it that is mounted itself',
        more: '- ./nginx/shop-cache.conf:/etc/nginx/b.conf',
      },
    ].map(({ title, files = {}, more = '' }) => ({
      title: `a file that is not there, and ${title}`,
      files: { ...withIncluded('./nginx/shop-gzip.conf', 'shop-cache.conf', more), ...files },
    })),
    {
      title: 'a file that is not there, beside one of which it is made',
      files: withIncluded('./nginx/shop-gzip.conf', 'shop-gzip.example.conf'),
    },
    {
      title: 'a file that is not there, beside files of other things',
      files: withIncluded('./nginx/shop-gzip.conf', 'uploads.conf'),
    },
    {
      title: 'a file that git ignores, which the machine has',
      files: {
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - ./nginx/nginx.conf:/etc/nginx/conf.d/default.conf:ro
        `,
        '.gitignore': '/nginx/nginx.conf\n',
        'nginx/default.conf': SITE,
      },
    },
    { title: 'a file over a file', files: tree('./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro') },
    { title: 'a directory over a directory', files: tree('./nginx:/etc/nginx/conf.d:ro') },
    { title: 'a directory where the image has nothing', files: tree('./nginx:/etc/nginx/sites.conf:ro') },
    {
      title: 'a file that is made, such as by a script',
      files: tree('./generated/default.conf:/etc/nginx/conf.d/default.conf'),
    },
    {
      title: 'a path of a file that is laid over another',
      files: {
        'docker-compose.yml': 'services:\n  web:\n    image: example/shop\n',
        'front/compose.front.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - ./site.conf:/etc/nginx/conf.d/default.conf
                - ./nginx/site.conf:/etc/nginx/conf.d/site.conf
        `,
        'front/nginx/site.conf': SITE,
      },
    },
    {
      title: 'a directory that is not there yet',
      files: tree('./site:/var/www'),
    },
  ],
  *check(deployment) {
    yield* volumesForFiles(deployment)
    for (const { container } of deployment.machines) {
      if (container === null || !container.mounts.some(({ from }) => from === 'volumes')) continue
      for (const mount of container.mounts) {
        const fault =
          mount.from === 'volumes' ? (faultOf(mount, container) ?? missingSource(mount, container)) : null
        if (fault !== null) yield { at: mount.at, ...fault }
      }
    }
  },
})

/** What images have: of nginx, of Apache, and of PHP. */
const KINDS: readonly (readonly [RegExp, readonly string[], readonly string[]])[] = [
  [
    /^(?:nginx|nginx\/nginx|nginxinc\/nginx-unprivileged)$/,
    [
      '/etc/nginx/nginx.conf',
      '/etc/nginx/conf.d/default.conf',
      '/etc/nginx/mime.types',
      '/etc/nginx/fastcgi_params',
    ],
    ['/etc/nginx', '/etc/nginx/conf.d', '/usr/share/nginx/html', '/docker-entrypoint.d'],
  ],
  [
    /^httpd$/,
    ['/usr/local/apache2/conf/httpd.conf', '/usr/local/apache2/conf/mime.types'],
    ['/usr/local/apache2/conf', '/usr/local/apache2/conf/extra', '/usr/local/apache2/htdocs'],
  ],
  [
    /^php$/,
    ['/usr/local/etc/php-fpm.conf', '/usr/local/etc/php-fpm.d/www.conf'],
    ['/usr/local/etc/php', '/usr/local/etc/php/conf.d', '/usr/local/etc/php-fpm.d'],
  ],
]

/** A volume is a directory, by whatever name of a file a program opens it. */
function* volumesForFiles(deployment: Deployment): Iterable<RuleFinding> {
  for (const { project } of composeProjects(deployment))
    for (const { volumes } of project.services.values())
      for (const { at, kind, source, target, subpath } of volumes) {
        if (kind !== 'volume' || source?.known !== true || !target.known || subpath !== null) continue
        if (isUnknownWord(placeText(at)) || !NAME_OF_FILE.test(target.value)) continue
        if (project.volumes.get(source.value)?.device != null) continue
        yield {
          at,
          severity: 'warning',
          message: `a volume is a directory, so \`${target.value}\` is one, and no file that a program reads or writes`,
          label: 'a directory',
          help: `Mount it at \`${posix.dirname(target.value)}\``,
        }
      }
}

/** What no program calls a directory. */
const NAME_OF_FILE = /\/[\w-][\w.-]*\.(?:json|ya?ml|toml|ini|cnf|conf|pem|crt|sqlite3?)$/

function faultOf({ path, target }: ContainerMount, { base, hostFiles, project, mounts }: Container) {
  if (path === null || base === null) return null
  const [, files = [], directories = []] = KINDS.find(([image]) => image.test(base)) ?? []
  // Below another mount nobody knows what stands there.
  if (
    mounts.some(
      other => other.target !== target && target.startsWith(`${other.target}/`) && other.from !== 'COPY',
    )
  )
    return null
  const kind = hostFiles.kind(path)
  const isFile = files.includes(target)
  if (kind === 'directory' && isFile)
    return {
      message: `\`${target}\` is a file of the image, and a directory is mounted over it, so the container does not start: not a directory`,
      label: 'a directory',
    }
  if (kind === 'file' && directories.includes(target))
    return {
      message: `\`${target}\` is a directory of the image, and a file is mounted over it, so the container does not start: not a directory`,
      label: 'a file',
      help: `Mount it at \`${posix.join(target, posix.basename(path))}\``,
    }
  if (kind !== null || !isFile || !isWhole(project)) return null
  const other =
    elsewhere(hostFiles, project.directory, posix.basename(path)) ??
    calledOtherwise(path, target, project, hostFiles)
  return other === null
    ? null
    : {
        severity: 'warning' as const,
        confidence: 'medium' as const,
        message: `there is no such file, so Docker makes a directory and mounts it over \`${target}\`: not a directory`,
        label: 'not there',
        help: `Write \`./${posix.relative(project.directory, other)}\``,
      }
}

/** The one configuration in the directory of a missing one that nothing of the project mounts. */
function calledOtherwise(
  path: string,
  target: string,
  { services, directory }: ComposeProject,
  files: FileSystem,
): string | null {
  const home = posix.dirname(path)
  // What is ignored is written on the machine itself.
  const ignored = sourceAt(files, posix.join(directory, '.gitignore'))?.text ?? ''
  if (ignored.includes(posix.basename(path))) return null
  const mounted = new Set(
    [...services.values()].flatMap(({ volumes }) =>
      volumes.flatMap(({ source }) => (source?.known === true ? [source.value] : [])),
    ),
  )
  const found = (files.list(home) ?? []).filter(
    ({ name, kind }) =>
      kind === 'file' && /(?:\.conf|nginx)$/.test(name) && !mounted.has(posix.join(home, name)),
  )
  const [only] = found
  if (only === undefined || found.length > 1) return null
  const other = posix.join(home, only.name)
  const text = sourceAt(files, other)?.text ?? ''
  const isMain = /^\s*(?:http|events)\b/m.test(text)
  return /^\s*(?:server|upstream)\b/m.test(text) && isMain === target.endsWith('/nginx.conf') ? other : null
}

/** False for what `-f` may lay over another file, from whose directory its paths are then read. */
function isWhole({ sources: [main], services }: ComposeProject): boolean {
  return (
    /(?:^|\/)(?:docker-)?compose\.ya?ml$/.test(main?.path ?? '') && [...services.values()].every(saysWhatRuns)
  )
}

/** The one file of a name in the directories beside a compose file. */
function elsewhere(files: FileSystem, directory: string, name: string): string | null {
  const found = (files.list(directory) ?? [])
    .filter(({ kind }) => kind === 'directory')
    .map(entry => posix.join(directory, entry.name, name))
    .filter(path => files.kind(path) === 'file')
  return found.length === 1 ? (found[0] ?? null) : null
}
