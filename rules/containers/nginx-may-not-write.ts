import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Machine } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { composeWith, siteTo } from './_examples.ts'
import { mayBeGiven, real } from './_given-paths.ts'
import { type RunImage, runImages } from './_images.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { page } from './_kubernetes-examples.ts'
import { unwritablePods } from './_unwritable-pods.ts'

const compose = (nginx: string): Record<string, string> => ({
  'docker-compose.yml': composeWith({ nginx }),
  'nginx/site.conf': siteTo('web:8000'),
})
const main = (lines: string): string => conf`
  ${lines}
  events {
  }
  http {
      client_body_temp_path /tmp/client;
      proxy_temp_path /tmp/proxy;
      fastcgi_temp_path /tmp/fastcgi;
      uwsgi_temp_path /tmp/uwsgi;
      scgi_temp_path /tmp/scgi;
      server {
          listen 8080;
          root /usr/share/nginx/html;
      }
  }
`
const image = (lines: string, nginx = main('pid /tmp/nginx.pid;')): Record<string, string> => ({
  Dockerfile: conf`
    FROM nginx:1.27-alpine
    COPY nginx.conf /etc/nginx/nginx.conf
    ${lines}
  `,
  'nginx.conf': nginx,
})
const given = (step: string, pid: string, user = 'USER nginx'): Record<string, string> =>
  image(`RUN ${step}\n${user}`, main(`pid ${pid};`).replace(/ *\w+_temp_path.*\n/g, ''))
const CACHE = '- { name: cache, mountPath: /var/cache/nginx }'
const pod = (context: string, mounts = '', image = 'nginx:1.27'): Record<string, string> => ({
  'nginx.conf': page(),
  'k8s/web.yaml': kubernetesDeployment({
    name: 'nginx',
    image,
    container: conf`
      securityContext: { ${context} }
      volumeMounts:
        - { name: pages, mountPath: /usr/share/nginx/html }
        ${mounts}
    `,
    pod: conf`
      volumes:
        - { name: pages, configMap: { name: pages } }
        - { name: cache, emptyDir: {} }
        - { name: run, emptyDir: {} }
    `,
  }),
})

export default defineRule({
  summary: 'nginx in a container may not write where it has to',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'When it starts, nginx creates directories for bodies below `/var/cache/nginx`, and writes `/run/nginx.pid`. In its image both belong to root, and with `read_only` (in a pod `readOnlyRootFilesystem`) nobody may write them: `mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)`, and the container ends.',
  remedy:
    'Take the image `nginxinc/nginx-unprivileged`, or mount a `tmpfs` on `/var/cache/nginx` and `/run`, or name other places with `pid` and the `…_temp_path` directives',
  references: [
    'https://github.com/docker-library/docs/tree/master/nginx#running-nginx-in-read-only-mode',
    'https://github.com/docker-library/docs/tree/master/nginx#running-nginx-as-a-non-root-user',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_body_temp_path',
  ],
  unproven: 'The live tests start no containers: what the files of an image allow, no loopback shows',
  bad: [
    { title: 'a file system that is read-only', files: compose('read_only: «true»') },
    {
      title: 'a place for the one and not for the other',
      files: compose(conf`
        read_only: «true»
        tmpfs: ["/var/cache/nginx"]
      `),
    },
    { title: 'another user', files: compose('user: "«101:101»"') },
    {
      title: 'the user of an image',
      files: image('USER «nginx»', main('').replace(/ *\w+_temp_path.*\n/g, '')),
    },
    {
      title: 'a file for the pid that the user may not write',
      files: image('USER nginx', main('pid «/var/run/nginx.pid»;')),
    },
    {
      title: 'a build that gives away the one and not the other',
      files: given('chown -R nginx:nginx /var/cache/nginx /usr/share/nginx/html', '«/var/run/nginx.pid»'),
    },
    {
      title: 'a directory that lies elsewhere',
      files: given(
        'chown -R nginx /var/cache/nginx && mkdir /run/nginx && chown nginx /run/nginx',
        '«/run/nginx.pid»',
      ),
    },
    {
      title: 'a directory above, without what is in it',
      files: given('chown nginx /var/cache', '/tmp/nginx.pid', 'USER «nginx»'),
    },
    {
      title: 'a log beside those of the image',
      files: image(
        'USER nginx',
        main('pid /tmp/nginx.pid;').replace(
          'listen 8080;',
          'listen 8080;\n        access_log «/var/log/nginx/shop.log»;',
        ),
      ),
    },
    {
      title: 'a pod whose file system is read-only',
      files: pod('readOnlyRootFilesystem: «true»'),
    },
    {
      title: 'a pod with a place for the one and not for the other',
      files: pod('readOnlyRootFilesystem: «true»', CACHE),
    },
    { title: 'a pod of another user', files: pod('runAsUser: «101»') },
    { title: 'a pod whose root may do nothing', files: pod('capabilities: { drop: [«ALL»] }') },
    {
      title: 'an image without privileges that has no /tmp',
      files: pod('readOnlyRootFilesystem: «true»', '', 'nginxinc/nginx-unprivileged:1.27'),
    },
  ],
  good: [
    {
      title: 'a pod with places of its own',
      files: pod(
        'readOnlyRootFilesystem: true',
        conf`
          ${CACHE}
          - { name: run, mountPath: /var/run }
        `,
      ),
    },
    {
      title: 'a pod whose root keeps what it needs',
      files: pod('capabilities: { drop: [ALL], add: [CHOWN, SETGID, SETUID, NET_BIND_SERVICE] }'),
    },
    { title: 'a pod that may not be root, which is another fault', files: pod('runAsNonRoot: true') },
    {
      title: 'a pod of an image without privileges',
      files: pod('runAsNonRoot: true', '', 'nginxinc/nginx-unprivileged:1.27'),
    },
    {
      title: 'a pod with a main file of its own',
      files: pod(
        'readOnlyRootFilesystem: true',
        '- { name: pages, mountPath: /etc/nginx/nginx.conf, subPath: nginx.conf }',
      ),
    },
    {
      title: 'places in memory',
      files: compose(conf`
        read_only: true
        tmpfs:
          - /var/cache/nginx
          - /var/run
      `),
    },
    {
      title: 'a volume, and a temporary file system in its long form',
      files: compose(conf`
        user: "101"
        tmpfs: ["/var/cache/nginx:uid=101,gid=101", "/run:uid=101"]
      `),
    },
    { title: 'other places', files: image('USER nginx') },
    { title: 'root', files: compose('user: root') },
    {
      title: 'an image without privileges',
      files: {
        ...compose(''),
        'docker-compose.yml': composeWith({ nginx: 'user: "101"' }).replace(
          'nginx:1.27',
          'nginxinc/nginx-unprivileged:1.27',
        ),
      },
    },
    {
      title: 'a build that gives them to the user',
      files: image(
        conf`
          RUN chown -R nginx:nginx /var/cache/nginx && touch /run/nginx.pid && chown nginx /run/nginx.pid
          USER nginx
        `,
        main('').replace(/ *\w+_temp_path.*\n/g, ''),
      ),
    },
    {
      title: 'a build that gives them to the user by the way',
      files: given('chown -R nginx /var/cache/nginx /run', '/run/nginx.pid'),
    },
    {
      title: 'a build that opens their directories',
      files: given(
        'chgrp 0 /var/cache/nginx /var/run; chmod g+w /var/cache/nginx /var/run',
        '/run/nginx.pid',
      ),
    },
    {
      title: 'a directory in which the build stands',
      files: given('cd /run && chown -R nginx . /var/cache/nginx', '/run/nginx.pid'),
    },
    {
      title: 'a loop',
      files: given('for each in run var/cache/nginx; do chown nginx /$each; done', '/run/nginx.pid'),
    },
    {
      title: 'a list of paths that a program makes',
      files: given('echo /run /var/cache/nginx | xargs chown nginx', '/run/nginx.pid'),
    },
    { title: 'a script', files: given('/opt/prepare.sh', '/run/nginx.pid') },
    {
      title: 'another place that the build writes into the main file',
      files: given(
        'chown -R nginx /var/cache/nginx && sed -i "s,/run/nginx.pid,/tmp/nginx.pid," /etc/nginx/nginx.conf',
        '/run/nginx.pid',
      ),
    },
    {
      title: 'a link',
      files: given(
        'chown -R nginx /var/cache/nginx && ln -s /tmp/nginx.pid /run/nginx.pid',
        '/run/nginx.pid',
      ),
    },
    {
      title: 'logs of the image, and none',
      files: image(
        'USER nginx',
        main('pid /tmp/nginx.pid; error_log /var/log/nginx/error.log;').replace(
          'listen 8080;',
          'listen 8080;\n        access_log off;',
        ),
      ),
    },
    {
      title: 'a pid that the command names',
      files: image(
        conf`
          USER nginx
          CMD ["nginx", "-g", "pid /tmp/nginx.pid; daemon off;"]
        `,
        main(''),
      ),
    },
  ],
  *check(deployment) {
    for (const { at, why, label } of unwritablePods(deployment))
      yield { at, message: `nginx does not start: ${why}`, label }
    for (const run of runImages(deployment)) {
      // Those of pods are told above.
      if (run.base !== 'nginx' || run.machine.container?.project.startedBy === 'pods') continue
      const bound = boundOf(run)
      if (bound === null) continue
      const failing = failingPath(run, bound)
      if (failing === null) continue
      yield {
        at: failing.at ?? bound.at,
        message: `nginx does not start: it may not create \`${failing.path}\`, ${bound.why}`,
        label: 'may not be written',
        related: failing.at === null ? [] : [{ at: bound.at, message: bound.label }],
      }
    }
  },
})

interface Bound {
  readonly at: Place
  readonly why: string
  readonly label: string
  readonly isReadOnly: boolean
}

/** What keeps nginx from writing; null where nothing does, or nobody knows. */
function boundOf({ machine: { container }, image, mounts, command }: RunImage): Bound | null {
  const service = container?.service ?? null
  if (command === undefined || (service !== null && (!service.complete || service.volumesFrom.length > 0)))
    return null
  if (service !== null && service.build !== null && image === null) return null
  if (mounts.some(({ target }) => target === '/etc/nginx')) return null
  const readOnly = service?.readOnly ?? null
  if (readOnly?.known === true && readOnly.value === 'true' && readOnly.at !== null)
    return {
      at: readOnly.at,
      why: 'as the file system is read-only: Read-only file system',
      label: 'read-only',
      isReadOnly: true,
    }
  const user: Fact<string> | null = service?.user ?? image?.user ?? null
  if (user === null || !user.known || user.at === null || /^(?:root|0)(?::|$)|^$|\$/.test(user.value))
    return null
  return {
    at: user.at,
    why: `as ${user.value.includes(':') ? `user ${user.value}` : `\`${user.value}\``}: Permission denied`,
    label: 'another user than root',
    isReadOnly: false,
  }
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => ({
  directive: `${name}_temp_path`,
  path: `/var/cache/nginx/${name === 'client_body' ? 'client' : name}_temp`,
}))

const LOGS = ['error_log', 'access_log']
/** In the image these are links to the output of the container, which is open. */
const OF_IMAGE: ReadonlySet<string> = new Set(['/var/log/nginx/error.log', '/var/log/nginx/access.log'])

/** The first path that nginx cannot create when it starts, with the line that names it: null for its own. */
function failingPath(
  run: RunImage,
  bound: Bound,
): { readonly path: string; readonly at: Place | null } | null {
  const { machine, command } = run
  const written = directivesOf(machine)
  for (const { directive, path } of TEMPORARY) {
    const [line, ...others] = written.get(directive) ?? []
    if (others.length > 0) continue
    const place = line?.args[0]?.value ?? path
    if (isBarred(run, bound, place))
      return { path: place, at: line === undefined ? null : argumentPlace(line, 0) }
  }
  for (const directive of LOGS)
    for (const line of written.get(directive) ?? []) {
      const place = line.args[0]?.value ?? ''
      if (!OF_IMAGE.has(place) && isBarred(run, bound, place))
        return { path: place, at: argumentPlace(line, 0) }
    }
  if (command?.words.some(word => /\bpid\s/.test(word)) === true) return null
  const [line] = written.get('pid') ?? []
  const place = line?.args[0]?.value ?? '/run/nginx.pid'
  return isBarred(run, bound, place)
    ? { path: place, at: line === undefined ? null : argumentPlace(line, 0) }
    : null
}

const directivesOf = memo(({ programs }: Machine): ReadonlyMap<string, readonly NginxDirective[]> => {
  const names = ['pid', ...LOGS, ...TEMPORARY.map(({ directive }) => directive)]
  return new Map(
    names.map(name => [
      name,
      programs.flatMap(program =>
        program.kind === 'nginx' ? [...(program.configuration.occurrences.get(name) ?? [])] : [],
      ),
    ]),
  )
})

/** True where a path surely cannot be created. */
function isBarred(
  { machine: { container }, mounts, image }: RunImage,
  { isReadOnly }: Bound,
  written: string,
): boolean {
  if (!written.startsWith('/') || /[$\0\uFFFD]/.test(written)) return false
  const path = real(posix.normalize(written))
  const service = container?.service
  const places = [
    ...(service?.tmpfs ?? []).map(each => (each.known ? each.value.replace(/:.*$/, '') : null)),
    ...(service?.volumes ?? []).map(({ target }) => (target.known ? target.value : null)),
    ...mounts.flatMap(({ target, from }) => (from === 'COPY' ? [] : [target])),
  ]
  if (places.some(place => place === null || isBelow(path, real(posix.normalize(place))))) return false
  return isReadOnly
    ? !/^\/(?:dev|proc|sys)\//.test(path)
    : /^\/(?:run|var\/cache\/nginx|etc|usr|var\/log|var\/lib)\//.test(path) && !mayBeGiven(image, path)
}
