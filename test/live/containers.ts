/**
 * Services of a compose file, each in a network and a file system of its own, which is what a container is to
 * the servers in it: their networks are bridges, names resolve where a network is shared, ports are published
 * by a relay, volumes are mounted. The programs are the machine's. Only inside of `enter-namespace.ts`.
 */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join, posix } from 'node:path'
import { parse } from 'yaml'
import { phpCommand, type Service, startService } from './service.ts'

type Files = Readonly<Record<string, string>>

interface Written {
  readonly image?: string
  readonly build?: string | { readonly context?: string }
  readonly command?: string | readonly string[]
  readonly working_dir?: string
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly environment?: readonly string[] | Readonly<Record<string, string>>
  readonly networks?:
    | readonly string[]
    | Readonly<Record<string, { readonly aliases?: readonly string[] } | null>>
  readonly network_mode?: string
  readonly container_name?: string
}

interface Container {
  readonly name: string
  readonly written: Written
  /** The root of its file system. */
  readonly root: string
  /** Its network: its own name, that of the service whose network it shares, or null for the host's. */
  readonly network: string | null
  readonly networks: ReadonlyMap<string, string>
  readonly names: readonly string[]
  readonly program: 'nginx' | 'php' | 'command'
  readonly command: string | null
  readonly directory: string
}

export interface Containers {
  /** What nginx said where it refused its configuration. */
  readonly refused: string | null
  stop(): Promise<void>
}

/** Where the main file and the pool of PHP's image lie. */
export const POOL_OF_IMAGE = '/opt/php-fpm.conf'

/** Where the files of a project lie, those outside of any container. */
export const PROJECT = '/opt/project'

export function isProject(files: Files): boolean {
  return composeFile(files) !== undefined
}

function composeFile(files: Files): string | undefined {
  return Object.keys(files).find(path => /^(?:docker-)?compose\.ya?ml$/.test(path))
}

/** Starts every service, nginx last. `prepare` writes into the file system of each what its program needs. */
export async function startContainers(
  directory: string,
  files: Files,
  prepare: (root: string, program: Container['program'], service: Service) => Service,
): Promise<Containers> {
  const compose = parse(files[composeFile(files) ?? ''] ?? '') as { services: Record<string, Written> }
  const containers = Object.entries(compose.services).map(([name, written]) =>
    read(directory, name, written, files),
  )
  const addresses = addressesOf(containers)
  const roots = containers.map(({ root }) => root)
  run([...containers.flatMap(each => makeRoot(directory, each)), ...makeNetworks(containers, addresses)])
  const processes: ChildProcess[] = []
  const relays: Server[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map(endGroup))
    for (const server of relays) server.close()
    spawnSync('sh', [
      '-c',
      [...roots]
        .reverse()
        .map(root => `umount --recursive --lazy ${root}`)
        .join('; '),
    ])
    spawnSync('sh', ['-c', removeNetworks(containers)])
  }
  try {
    for (const container of containers) {
      writeFileSync(join(container.root, 'etc/hosts'), hostsOf(container, containers, addresses))
    }
    const ordered = [...containers].sort(
      (a, b) => Number(a.program === 'nginx') - Number(b.program === 'nginx'),
    )
    let refused: string | null = null
    for (const container of ordered) {
      const bare = serviceOf(container)
      if (bare === null) continue
      const service = prepare(container.root, container.program, bare)
      if (container.program === 'nginx') {
        const [program = '', ...words] = [...(service.inside ?? []), 'nginx', '-t']
        const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' })
        if (status !== 0) {
          refused = stderr
          continue
        }
      }
      processes.push(await startService(service))
      for (const [port, inner] of publishedBy(container)) {
        const address = [...(addresses.get(container.name)?.values() ?? [])][0]
        if (address !== undefined) relays.push(await relay(port, address, inner))
      }
    }
    return { refused, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function read(directory: string, name: string, written: Written, files: Files): Container {
  const build = typeof written.build === 'string' ? written.build : written.build?.context
  const dockerfile = build === undefined ? '' : (files[posix.join(build, 'Dockerfile')] ?? '')
  const image = written.image ?? /^FROM\s+(\S+)/m.exec(dockerfile)?.[1] ?? ''
  const mode = written.network_mode
  const networks = Array.isArray(written.networks)
    ? written.networks.map(each => [each, null] as const)
    : Object.entries(written.networks ?? { default: null })
  const command = Array.isArray(written.command)
    ? written.command.map(word => `'${word}'`).join(' ')
    : ((written.command as string | undefined) ?? /^CMD\s+([^[].*)$/m.exec(dockerfile)?.[1] ?? null)
  return {
    name,
    written,
    root: join(directory, 'containers', name),
    network:
      mode === 'host' ? null : mode?.startsWith('service:') === true ? mode.slice('service:'.length) : name,
    networks: new Map(mode === undefined ? networks.map(([network]) => [network, network] as const) : []),
    names: [
      name,
      ...(written.container_name === undefined ? [] : [written.container_name]),
      ...networks.flatMap(([, options]) => options?.aliases ?? []),
    ],
    program: /(?:^|\/)nginx\b/.test(image) ? 'nginx' : /(?:^|\/)php:\S*fpm/.test(image) ? 'php' : 'command',
    command,
    directory: written.working_dir ?? /^WORKDIR\s+(\S+)/m.exec(dockerfile)?.[1] ?? '/app',
  }
}

/** Every container has one address in each of its networks. */
function addressesOf(containers: readonly Container[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const networks = networksOf(containers)
  return new Map(
    containers.map(({ name, networks: own }, index) => [
      name,
      new Map([...own.keys()].map(network => [network, `172.20.${networks.indexOf(network)}.${index + 2}`])),
    ]),
  )
}

function networksOf(containers: readonly Container[]): readonly string[] {
  return [...new Set(containers.flatMap(({ networks }) => [...networks.keys()]))]
}

/** A file system above the machine's own, without what the tests put over /etc and others, and its volumes. */
function makeRoot(directory: string, { name, written, root, directory: home }: Container): readonly string[] {
  const build = typeof written.build === 'string' ? written.build : written.build?.context
  const layers = `lowerdir=/,upperdir=${root}.changes,workdir=${root}.work`
  const volumes = (written.volumes ?? []).flatMap(volume => {
    const [source = '', target = ''] = volume.replace(/\$\{(\w+)\}/g, '$1').split(':')
    const from = /^\.{0,2}\//.test(source)
      ? posix.resolve(PROJECT, source)
      : join(directory, 'volumes', source)
    const there = existsSync(from) || !/\.\w+$/.test(source)
    return there ? [`bind ${from} ${root}${target}`] : []
  })
  return [
    `mkdir -p ${root} ${root}.changes ${root}.work`,
    `mount -t overlay overlay -o ${layers} ${root}`,
    ...['proc', 'dev'].map(each => `mount --rbind /${each} ${root}/${each}`),
    `mount -t tmpfs -o mode=755 none ${root}/run`,
    `mount -t tmpfs -o mode=1777 none ${root}/tmp`,
    `mkdir -p ${root}${home} /var/log/${name} ${root}/var/log/nginx`,
    `mount --bind /var/log/${name} ${root}/var/log/nginx`,
    ...(build === undefined
      ? []
      : [`cp -r ${posix.join(PROJECT, build)}/. ${root}${home}/ 2>/dev/null || true`]),
    ...volumes,
  ]
}

function makeNetworks(
  containers: readonly Container[],
  addresses: ReadonlyMap<string, ReadonlyMap<string, string>>,
): readonly string[] {
  const networks = networksOf(containers)
  const bridges = networks.flatMap((_, index) => [
    `ip link add br${index} type bridge`,
    `ip address add 172.20.${index}.1/24 dev br${index}`,
    `ip link set br${index} up`,
  ])
  const ends = containers
    .filter(({ name, network }) => name === network)
    .flatMap(({ name }, index) => [
      `ip netns add ${name}`,
      `ip -n ${name} link set lo up`,
      ...[...(addresses.get(name) ?? [])].flatMap(([network, address]) => {
        const bridge = networks.indexOf(network)
        return [
          `ip link add v${index}x${bridge} type veth peer name eth${bridge} netns ${name}`,
          `ip link set v${index}x${bridge} master br${bridge} up`,
          `ip -n ${name} address add ${address}/24 dev eth${bridge}`,
          `ip -n ${name} link set eth${bridge} up`,
        ]
      }),
    ])
  return [...bridges, ...ends]
}

function removeNetworks(containers: readonly Container[]): string {
  return [
    ...containers
      .filter(({ name, network }) => name === network)
      .map(({ name }) => `ip netns delete ${name}`),
    ...networksOf(containers).map((_, index) => `ip link delete br${index}`),
  ].join('; ')
}

function run(commands: readonly string[]): void {
  const bind =
    'bind() { if [ -d "$1" ] || [ ! -e "$1" ]; then mkdir -p "$1" "$2"; else mkdir -p "${2%/*}"; touch "$2"; fi; mount --bind "$1" "$2"; }'
  const { status, stderr } = spawnSync('sh', ['-e', '-c', [bind, ...commands].join('\n')], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`containers: ${stderr}`)
}

/** A name resolves in the networks that both have. */
function hostsOf(
  { networks, network }: Container,
  containers: readonly Container[],
  addresses: ReadonlyMap<string, ReadonlyMap<string, string>>,
): string {
  const own = containers.find(({ name }) => name === network)?.networks ?? networks
  const lines = containers.flatMap(({ name, names }) =>
    [...(addresses.get(name) ?? [])]
      .filter(([each]) => own.has(each))
      .map(([, address]) => `${address} ${names.join(' ')}`),
  )
  return ['127.0.0.1 localhost', '::1 localhost', ...lines, ''].join('\n')
}

function serviceOf({ name, written, root, network, program, command, directory }: Container): Service | null {
  const inside = [...(network === null ? [] : ['nsenter', `--net=/run/netns/${network}`]), 'chroot', root]
  const { environment = {} } = written
  const variables = Array.isArray(environment)
    ? environment.map(each => each.split(/=(.*)/s).slice(0, 2))
    : Object.entries(environment)
  const line = { nginx: "nginx -g 'daemon off;'", php: phpCommand(POOL_OF_IMAGE), command }[program]
  if (line === null) return null
  return {
    name,
    command: line,
    directory,
    inside,
    environment: Object.fromEntries(
      variables.filter(([, value]) => value !== undefined).map(([key, value]) => [key, String(value)]),
    ) as Record<string, string>,
  }
}

/** Ports of the host, each with that of the container; those of nginx where its service publishes none. */
function publishedBy({ written, program }: Container): readonly (readonly [number, number])[] {
  if (written.ports === undefined) return program === 'nginx' ? [80, 443].map(port => [port, port]) : []
  return written.ports.map(text => {
    const parts = String(text).split(':')
    return [Number(parts.at(-2) ?? parts.at(-1)), Number(parts.at(-1))] as const
  })
}

/** What Docker does for a published port: bytes go to the address of the container, whoever listens there. */
function relay(port: number, host: string, inner: number): Promise<Server> {
  const server = createServer(client => {
    const backend = connect({ host, port: inner })
    for (const [from, to] of [
      [client, backend],
      [backend, client],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
    }
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '0.0.0.0', () => resolve(server))
  })
}

function endGroup(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.pid === undefined) return resolve()
    child.on('exit', () => resolve())
    process.kill(-child.pid, 'SIGKILL')
  })
}
