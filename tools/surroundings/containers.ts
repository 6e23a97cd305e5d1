import { stringify } from 'yaml'
import { ofCompose, ofComposeText, type Service } from './compose-services.ts'
import { baseName, type Files } from './files.ts'

/** `docker build` and `docker run` in a script. */
export const dockerRun = ofCompose(services => {
  const commands = services.flatMap(service => {
    const image = imageOf(service)
    return image === null ? [] : [...buildOf(service, image), runOf(service, image)]
  })
  return { 'deploy.sh': `#!/bin/sh\nset -e\ndocker network create shop || true\n${commands.join('\n')}\n` }
})

function buildOf({ build }: Service, image: string): readonly string[] {
  if (build === null) return []
  const { context, dockerfile, target } = build
  const file = dockerfile === null ? '' : ` -f ${context === '.' ? '' : `${context}/`}${dockerfile}`
  return [`docker build -t ${image}${file}${target === null ? '' : ` --target ${target}`} ${context}`]
}

function runOf(service: Service, image: string): string {
  const { name, containerName, isOnHost, entrypoint, command } = service
  const options = [
    `docker run -d --name ${containerName ?? name}`,
    isOnHost ? '--network host' : '--network shop',
    '--restart unless-stopped',
    ...service.ports.map(port => `-p ${port}`),
    ...service.environment.map(([variable, value]) => `-e ${variable}=${quoted(value)}`),
    ...service.envFiles.map(file => `--env-file ${file}`),
    ...service.volumes.map(volume => `-v ${volume.replace(/^\.\//, '"$PWD"/')}`),
    ...(service.user === null ? [] : [`--user ${service.user}`]),
    ...(service.workingDirectory === null ? [] : [`-w ${service.workingDirectory}`]),
    ...(entrypoint?.length === 1 ? [`--entrypoint ${entrypoint[0]}`] : []),
  ]
  return [...options, [image, ...(command ?? []).map(quoted)].join(' ')].join(' \\\n  ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** Tasks of Ansible. */
export const dockerTasks = ofCompose(services => {
  const tasks = services.flatMap(service => {
    const image = imageOf(service)
    return image === null ? [] : [...buildTaskOf(service, image), runTaskOf(service, image)]
  })
  return { 'playbook.yml': stringify([{ hosts: 'web', tasks }]) }
})

function buildTaskOf({ name, build }: Service, image: string): readonly object[] {
  if (build === null) return []
  const path = ['{{ playbook_dir }}', ...(build.context === '.' ? [] : [build.context])].join('/')
  return [
    {
      name: `Build ${name}`,
      'community.docker.docker_image': { name: image, source: 'build', build: { path } },
    },
  ]
}

function runTaskOf(service: Service, image: string): object {
  const { name, ports, environment, user, command } = service
  const volumes = service.volumes.map(volume => volume.replace(/^\./, '{{ playbook_dir }}'))
  return {
    name: `Run ${name}`,
    'community.docker.docker_container': {
      name,
      image,
      networks: [{ name: 'shop' }],
      restart_policy: 'unless-stopped',
      ...(ports.length > 0 && { ports }),
      ...(volumes.length > 0 && { volumes }),
      ...(environment.length > 0 && { env: Object.fromEntries(environment) }),
      ...(user !== null && { user }),
      ...(command !== null && { command: command.map(quoted).join(' ') }),
    },
  }
}

/** Quadlets of Podman, of images alone. */
export const quadlets = ofCompose(services => {
  if (services.some(({ image, build }) => image === null || build !== null)) return null
  return Object.fromEntries(
    services.map(({ name, image, ports, environment, volumes, command }) => [
      `etc/containers/systemd/${name}.container`,
      [
        '[Container]',
        `Image=docker.io/library/${image}`,
        `ContainerName=${name}`,
        'Network=shop.network',
        ...ports.map(port => `PublishPort=${port}`),
        ...environment.map(([variable, value]) => `Environment=${variable}=${value}`),
        ...volumes.map(volume => `Volume=${volume}`),
        ...(command === null ? [] : [`Exec=${command.map(quoted).join(' ')}`]),
        '[Install]',
        'WantedBy=multi-user.target\n',
      ].join('\n'),
    ]),
  )
})

/** The template of a role. */
export const composeTemplate = ofComposeText(text => ({ 'templates/docker-compose.yml.j2': text }))

/** What is to be copied and changed. */
export const composeSample = ofComposeText(text => ({ 'docker-compose.yml.example': text }))

/** A here-document of a script. */
export const composeInScript = ofComposeText(text => ({
  'deploy.sh': `#!/bin/sh\ncat > docker-compose.yml <<'EOF'\n${text.trimEnd()}\nEOF\ndocker compose up -d\n`,
}))

/** Deployments, Services and ConfigMaps. */
export const pods = ofCompose((services, rest) => {
  if (services.some(service => service.isOnHost || imageOf(service) === null)) return null
  const objects = services.flatMap(service => objectsOf(service, rest))
  return { 'k8s/shop.yaml': objects.map(object => stringify(object)).join('---\n') }
})

function objectsOf(service: Service, rest: Files): readonly object[] {
  const { name, entrypoint, command, workingDirectory, environment } = service
  const ports = [
    ...new Set(
      [...service.ports, ...service.expose].flatMap(port => /(\d+)(?:\/\w+)?$/.exec(port)?.[1] ?? []),
    ),
  ].map(Number)
  const mounts = service.volumes.flatMap((volume, index) => mountOf(volume, `${name}-${index}`, rest))
  const container = {
    name,
    image: service.image ?? `registry.example.com/shop/${name}:1.4`,
    ...(entrypoint !== null && { command: entrypoint }),
    ...(command !== null && { args: command }),
    ...(workingDirectory !== null && { workingDir: workingDirectory }),
    ...(environment.length > 0 && {
      env: environment.map(([variable, value]) => ({ name: variable, value })),
    }),
    ...(ports.length > 0 && { ports: ports.map(containerPort => ({ containerPort })) }),
    ...(mounts.length > 0 && { volumeMounts: mounts.map(({ mount }) => mount) }),
  }
  const labels = { app: name }
  const spec = { containers: [container], volumes: mounts.map(({ volume }) => volume) }
  return [
    ...mounts.flatMap(({ data }) => (data === null ? [] : [data])),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    ...(ports.length === 0
      ? []
      : [
          {
            apiVersion: 'v1',
            kind: 'Service',
            metadata: { name },
            spec: {
              selector: labels,
              ports: ports.map(port => ({ name: `port-${port}`, port, targetPort: port })),
            },
          },
        ]),
  ]
}

interface Mount {
  readonly mount: object
  readonly volume: object
  /** The ConfigMap that has its files; null for what is a claim, or empty at first. */
  readonly data: object | null
}

function mountOf(written: string, name: string, rest: Files): readonly Mount[] {
  const [source = '', target] = written.split(':')
  if (target === undefined)
    return [{ mount: { name, mountPath: source }, volume: { name, emptyDir: {} }, data: null }]
  if (!source.startsWith('.')) {
    const persistentVolumeClaim = { claimName: source.replace(/\W+/g, '-') }
    return [{ mount: { name, mountPath: target }, volume: { name, persistentVolumeClaim }, data: null }]
  }
  const path = source.replace(/^\.\//, '')
  const isFile = rest[path] !== undefined
  const files = Object.entries(rest).filter(([each]) => each === path || each.startsWith(`${path}/`))
  if (files.length === 0) return []
  return [
    {
      mount: { name, mountPath: target, ...(isFile && { subPath: baseName(path) }) },
      volume: { name, configMap: { name } },
      data: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name },
        data: Object.fromEntries(files.map(([each, text]) => [baseName(each), text])),
      },
    },
  ]
}

function imageOf({ name, image, build }: Service): string | null {
  return image ?? (build === null ? null : name)
}
