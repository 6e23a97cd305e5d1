import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'

const tree = (parts: Parameters<typeof composeWith>[0]): Record<string, string> => ({
  'docker-compose.yml': composeWith(parts),
  'nginx/site.conf': siteTo('web:8000'),
})

export default defineRule({
  summary: 'A service names a volume, a network or a service that the compose file does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Compose checks all names before it starts anything: `service "web" refers to undefined volume static: invalid compose project`. None of the containers starts.',
  remedy: 'Declare the name at the top level of the file, below `volumes:` or `networks:`',
  references: [
    'https://docs.docker.com/reference/compose-file/volumes/',
    'https://docs.docker.com/reference/compose-file/networks/',
    'https://docs.docker.com/reference/compose-file/services/#depends_on',
  ],
  unproven: 'The live tests start no containers, and Compose refuses the file before any',
  bad: [
    { title: 'a volume', files: tree({ web: 'volumes: ["«static:/app/static»"]' }) },
    { title: 'a network', files: tree({ web: 'networks: [default, «inner»]' }) },
    { title: 'a service', files: tree({ web: 'depends_on: [«postgres»]' }) },
  ],
  good: [
    {
      title: 'declared',
      files: tree({
        web: conf`
          volumes: ["static:/app/static"]
          networks: [default, inner]
          depends_on: [db]
        `,
        more: conf`
            db:
              image: postgres:16
          volumes:
            static:
          networks:
            inner:
        `,
      }),
    },
    { title: 'a directory', files: tree({ web: 'volumes: ["./static:/app/static", "/app/cache"]' }) },
    { title: 'a name of the environment', files: tree({ web: 'volumes: ["${STATIC}:/app/static"]' }) },
  ],
  *check({ machines }) {
    const seen = new Set<ComposeProject>()
    for (const { container } of machines) {
      if (container === null || seen.has(container.project)) continue
      seen.add(container.project)
      const { project } = container
      if (!project.complete || project.legacy || !isWhole(project)) continue
      for (const service of project.services.values())
        if (service.complete) yield* undefinedOf(service, project)
    }
  },
})

/** False for a file of another name, which is read beside the one that it adds to: `-f`. */
function isWhole({ sources: [main] }: ComposeProject): boolean {
  return main !== undefined && /(?:^|\/)(?:docker-)?compose\.ya?ml$/.test(main.path)
}

function* undefinedOf(service: ComposeService, { volumes, networks, services }: ComposeProject) {
  const named = (fact: Fact<string> | null): string | null => (fact?.known === true ? fact.value : null)
  const missing = (at: Place, kind: string, name: string) => ({
    at,
    message:
      kind === 'service'
        ? `service "${service.name}" depends on undefined service "${name}": invalid compose project`
        : `service "${service.name}" refers to undefined ${kind} ${name}: invalid compose project`,
    label: `no such ${kind}`,
  })
  for (const { at, kind, source } of service.volumes) {
    const name = kind === 'volume' ? named(source) : null
    if (name !== null && !volumes.has(name) && !placeText(at).includes('$')) yield missing(at, 'volume', name)
  }
  for (const { at, network } of service.networks ?? []) {
    const name = named(network)
    if (name !== null && name !== 'default' && !networks.has(name)) yield missing(at, 'network', name)
  }
  for (const reference of service.dependsOn) {
    const name = named(reference.service)
    if (name !== null && !services.has(name)) yield missing(reference.at, 'service', name)
  }
}
