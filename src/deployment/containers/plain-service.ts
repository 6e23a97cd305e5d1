import type { ComposeProject, ComposeService } from '../../../parsers/compose/compose.ts'
import type { Place } from '../../../parsers/text/source.ts'

/** A service of which nothing is said but its name. */
export function plainService(name: string, at: Place): ComposeService {
  return {
    name,
    at,
    keys: [at],
    image: null,
    build: null,
    ports: [],
    expose: [],
    volumes: [],
    volumesFrom: [],
    tmpfs: [],
    configs: [],
    secrets: [],
    networks: null,
    networkMode: null,
    links: [],
    externalLinks: [],
    extraHosts: [],
    hostname: null,
    domainName: null,
    containerName: null,
    restart: null,
    dependsOn: [],
    command: null,
    healthcheck: null,
    entrypoint: null,
    user: null,
    workingDirectory: null,
    environment: [],
    envFiles: [],
    labels: [],
    readOnly: null,
    replicas: null,
    pullPolicy: null,
    unconfined: false,
    profiles: [],
    complete: true,
  }
}

/** Services that something else than Compose starts together; more may be started beside them. */
export function plainProject(
  startedBy: ComposeProject['startedBy'],
  directory: string,
  services: readonly ComposeService[],
): ComposeProject {
  const none = new Map()
  return {
    startedBy,
    directory,
    name: null,
    services: new Map(services.map(service => [service.name, service])),
    networks: none,
    volumes: none,
    configs: none,
    secrets: none,
    enabledProfiles: new Set(),
    sources: [...new Set(services.map(({ at }) => at.source))],
    faults: [],
    legacy: false,
    complete: false,
  }
}
