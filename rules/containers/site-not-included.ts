import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { buildSteps } from './_started-words.ts'

const mounted = (target: string, site = siteTo('web:8000')): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace(
    './nginx/site.conf:/etc/nginx/conf.d/default.conf:ro',
    `./nginx/site.conf:${target}:ro`,
  ),
  'nginx/site.conf': site,
})
const built = (lines: string): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace(
    /image: nginx:1\.27\n([\s\S]*?) +volumes:\n.*\n/,
    (_, ports: string) => `build: ./nginx\n${ports}`,
  ),
  'nginx/site.conf': siteTo('web:8000'),
  'nginx/Dockerfile': conf`
    FROM nginx:1.27-alpine
    ${lines}
  `,
})

export default defineRule({
  summary: 'A site is put where the image of nginx does not read it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The `nginx.conf` of the official image has one line for sites: `include /etc/nginx/conf.d/*.conf;`. `sites-enabled` and `sites-available` are Debian’s own, and a file without `.conf` is not read. nginx starts, and answers with `Welcome to nginx!`.',
  remedy: 'Put the file at `/etc/nginx/conf.d/default.conf`, whose place it takes',
  references: [
    'https://hub.docker.com/_/nginx',
    'https://github.com/nginx/pkg-oss/blob/master/debian/nginx.conf',
  ],
  bad: [
    { title: 'the directory of Debian', files: mounted('«/etc/nginx/sites-enabled/site.conf»') },
    { title: 'a name without `.conf`', files: mounted('«/etc/nginx/conf.d/default»') },
    {
      title: 'copied into the image',
      files: built('«COPY» site.conf /etc/nginx/sites-available/site.conf'),
    },
  ],
  good: [
    { title: 'the place of the image', files: mounted('/etc/nginx/conf.d/default.conf') },
    {
      title: 'a template that the image fills in',
      files: mounted('/etc/nginx/templates/default.conf.template'),
    },
    {
      title: 'a main file of its own',
      files: {
        ...mounted('/etc/nginx/sites-enabled/site.conf'),
        'docker-compose.yml': composeWith().replace(
          /( +- )\.\/nginx\/site\.conf:.*/,
          '$1./nginx/nginx.conf:/etc/nginx/nginx.conf:ro\n$1./nginx/site.conf:/etc/nginx/sites-enabled/site.conf:ro',
        ),
        'nginx/nginx.conf': conf`
          events {
          }
          http {
              include /etc/nginx/sites-enabled/*;
          }
        `,
      },
    },
    {
      title: 'a build that moves it',
      files: built(conf`
        COPY site.conf /etc/nginx/sites-available/site.conf
        RUN mv /etc/nginx/sites-available/site.conf /etc/nginx/conf.d/default.conf
      `),
    },
    {
      title: 'a snippet that another file includes',
      files: mounted(
        '/etc/nginx/conf.d/default.conf',
        `include /etc/nginx/snippets/a;\n${siteTo('web:8000')}`,
      ),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null || container.base !== 'nginx' || !readsOwnMain(container)) continue
      for (const mount of container.mounts) {
        const { target, path, at } = mount
        if (path === null || !UNREAD.test(target) || !holdsServer(container.hostFiles, path)) continue
        if (isIncluded(container, mount)) continue
        yield {
          at: mount.from === 'COPY' ? at : targetPlace(mount),
          message: `the image of nginx includes \`/etc/nginx/conf.d/*.conf\` alone, so nothing reads \`${target}\``,
          label: 'not included',
          related: [{ at: container.service.at, message: 'the container of nginx' }],
        }
      }
    }
  },
})

/** Where the main file of the image includes nothing. */
const UNREAD = /^\/etc\/nginx\/(?:sites-(?:enabled|available)(?:\/|$)|conf\.d\/(?!.*\.conf$)[^/]+$)/

/** True where the main file is the image's own, and nothing that is not known changes it. */
function readsOwnMain(container: Container): boolean {
  const { service, image, mounts } = container
  if (!service.complete || service.entrypoint !== null || image?.entrypoint != null) return false
  if (service.build !== null && image === null) return false
  if (service.command?.words.some(({ text }) => /(?:^|\s)-c\b|sites-|\bln\b|\bcp\b|\bmv\b/.test(text)))
    return false
  if (buildSteps(container).some(step => /nginx/.test(step))) return false
  return mounts.every(({ target, path }) =>
    path === null ? !target.startsWith('/etc') : !/^\/etc(?:\/nginx(?:\/nginx\.conf)?)?$/.test(target),
  )
}

/** True for a file with a `server` block, and for a directory that has one. */
function holdsServer(files: FileSystem, path: string): boolean {
  if (files.kind(path) === 'directory')
    return (files.list(path) ?? []).some(
      ({ name, kind }) => kind === 'file' && holdsServer(files, `${path}/${name}`),
    )
  const read = files.read(path)
  return read.kind === 'source' && /^\s*server\s*\{/m.test(read.source.code)
}

/** True where a file that is read names it, or its directory. */
function isIncluded({ mounts, hostFiles }: Container, { target }: ContainerMount): boolean {
  const [, directory = target] = /^(\/etc\/nginx\/[^/]+)/.exec(target) ?? []
  const name = directory.slice('/etc/nginx/'.length)
  return mounts.some(({ path }) => {
    const read = path !== null && hostFiles.kind(path) === 'file' ? hostFiles.read(path) : null
    return read?.kind === 'source' && new RegExp(`^\\s*include\\s[^;]*${name}`, 'm').test(read.source.code)
  })
}

/** The path in the container of `HOST:CONTAINER:ro`; all of it where it is written in the long form. */
function targetPlace({ at, target }: ContainerMount) {
  const text = at.source.code.slice(at.start, at.end)
  const start = text.indexOf(`:${target}`)
  return start === -1 ? at : { ...at, start: at.start + start + 1, end: at.start + start + 1 + target.length }
}
