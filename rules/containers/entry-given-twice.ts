import type { ComposeProject, ComposeService, ComposeVariable } from '../../parsers/compose/compose.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { projectsIn } from './_compose-projects.ts'
import { composeWith, siteTo } from './_examples.ts'

const tree = (web: string): Record<string, string> => ({
  'docker-compose.yml': composeWith({ web }),
  'nginx/site.conf': siteTo('web:8000'),
})

export default defineRule({
  summary: 'A list of a service gives a label or a variable two values, and Compose takes the last',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A key that a mapping has twice is refused, a name that a list has twice is not: Compose drops the earlier value without a word. Two rules of one Traefik router are not both asked for: of `Host(...)` and then `PathPrefix(...)` the path alone is left, and the router answers for every name.',
  remedy: 'Write the name once: rules of Traefik are joined by `&&`',
  references: [
    'https://github.com/compose-spec/compose-go/blob/main/override/uncity.go',
    'https://docs.docker.com/reference/compose-file/services/#labels',
    'https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/',
  ],
  unproven: 'The live tests start no containers: Compose drops the value while it reads the file',
  bad: [
    {
      title: 'two rules of a router',
      files: tree(conf`
        labels:
          - «traefik.http.routers.web.rule=Host(\`example.org\`)»
          - traefik.http.routers.web.rule=PathPrefix(\`/api/\`)
          - traefik.http.services.web.loadbalancer.server.port=8000
      `),
    },
    {
      title: 'a variable',
      files: tree(conf`
        environment:
          - «WEB_CONCURRENCY=2»
          - SECRET_KEY
          - WEB_CONCURRENCY=8
      `),
    },
    {
      title: 'a variable of docker run',
      files: {
        'deploy.sh': conf`
          docker run -d --name web -e «WEB_CONCURRENCY=2» -e SECRET_KEY -e WEB_CONCURRENCY=8 registry.example.org/shop:1.4
        `,
      },
    },
    {
      title: 'an argument of a build',
      files: {
        ...tree(''),
        'docker-compose.yml': composeWith().replace(
          'build: ./web',
          'build: { context: ./web, args: [«SHOP_VERSION=1.4», SHOP_VERSION=1.5] }',
        ),
      },
    },
  ],
  good: [
    {
      title: 'one value, written twice, and names that differ',
      files: tree(conf`
        environment:
          - DEBUG=false
          - DEBUG=False
          - LANG=\${LANG:-C.UTF-8}
          - LANG=\${LANG-C.UTF-8}
        labels:
          - traefik.http.routers.web.rule=Host(\`example.org\`)
          - traefik.http.routers.api.rule=PathPrefix(\`/api/\`)
      `),
    },
    {
      title: 'another value in the file that is laid over this one',
      files: {
        ...tree('environment: [WEB_CONCURRENCY=2]'),
        'docker-compose.override.yml': conf`
          services:
            web:
              environment: [WEB_CONCURRENCY=1]
        `,
      },
    },
    {
      title: 'a value under each condition of a template',
      files: tree(conf`
        environment:
          {% if debug %}
          - WEB_CONCURRENCY=1
          {% else %}
          - WEB_CONCURRENCY=8
          {% endif %}
      `),
    },
  ],
  *check(deployment) {
    for (const { services, startedBy } of projectsIn(deployment))
      for (const service of services.values()) yield* givenTwice(service, startedBy)
  },
})

function* givenTwice(
  { labels, environment, build }: ComposeService,
  startedBy: ComposeProject['startedBy'],
): Iterable<RuleFinding> {
  const isComposed = startedBy === 'compose'
  for (const list of [labels, environment, build?.args ?? []]) {
    const last = new Map(list.map(entry => [entry.name, entry]))
    for (const entry of list) {
      const other = last.get(entry.name)
      if (other === undefined || other === entry || !isOfOneList(entry, other) || isSame(entry, other))
        continue
      yield {
        at: entry.at,
        message: isComposed
          ? `\`${entry.name}\` has another value further down in this list, which is the one that counts: Compose drops this one`
          : `\`${entry.name}\` is given another value further down, which is the one that counts: this one is dropped`,
        label: 'dropped',
        related: [{ at: other.at, message: 'takes its place' }],
      }
    }
  }
}

/** What a template engine puts there may be one of them alone. */
function isOfOneList({ at }: ComposeVariable, { at: other }: ComposeVariable): boolean {
  return at.source === other.source && at.end <= other.start && !/\{[{%]|<%/.test(at.source.text)
}

function isSame({ value, at }: ComposeVariable, other: ComposeVariable): boolean {
  const isKnown = value?.known === true && other.value?.known === true
  const [one, two] = isKnown ? [value.value, other.value.value] : [written(at), written(other.at)]
  return one.toLowerCase() === two.toLowerCase()
}

/** As it stands there: `:-` is `-` but for a variable that is set to nothing. The place of a default ends before its brace. */
function written(at: Place): string {
  return placeText(at).replace(/:(?=[-+?])|\}$/g, '')
}
