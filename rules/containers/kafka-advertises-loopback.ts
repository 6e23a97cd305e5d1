import { givenVariables } from '../../parsers/compose/given-variables.ts'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { allProjects } from './_compose-projects.ts'

const tree = (listeners: string, bootstrap = 'kafka:9092'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
        environment:
          KAFKA_BOOTSTRAP_SERVERS: ${bootstrap}
      kafka:
        image: confluentinc/cp-kafka:7.6.0
        environment:
          KAFKA_NODE_ID: "1"
          ${listeners}
  `,
})

export default defineRule({
  summary: 'Kafka sends the containers of a project to their own loopback',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A client asks any broker where the topics are, and then connects to the address that `advertised.listeners` names. `localhost` is there the container of the client, in which nobody listens: the first connection is made, and everything after it fails with `Connection to node 1 (localhost/127.0.0.1:9092) could not be established`.',
  remedy:
    'Advertise the name of the service for containers, and `localhost` on a listener of its own for the host',
  references: [
    'https://kafka.apache.org/documentation/#brokerconfigs_advertised.listeners',
    'https://docs.confluent.io/platform/current/kafka/multi-node.html',
  ],
  unproven: 'The live tests have neither Docker nor Kafka',
  bad: [
    { title: 'one listener', files: tree('KAFKA_ADVERTISED_LISTENERS: «PLAINTEXT://localhost:9092»') },
    {
      title: 'the image of Bitnami, by its address',
      files: tree('KAFKA_CFG_ADVERTISED_LISTENERS: «PLAINTEXT://127.0.0.1:9092»'),
    },
  ],
  good: [
    { title: 'the name of the service', files: tree('KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://kafka:9092') },
    {
      title: 'a listener for containers, and one for the host',
      files: tree('KAFKA_ADVERTISED_LISTENERS: INSIDE://kafka:29092,OUTSIDE://localhost:9092', 'kafka:29092'),
    },
    {
      title: 'clients on the host alone',
      files: tree('KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://localhost:9092', 'other:9092'),
    },
  ],
  *check(deployment) {
    for (const { project } of allProjects(deployment)) {
      for (const service of project.services.values()) {
        const listeners = advertised(service)
        if (listeners === null || !service.complete || service.networkMode !== null) continue
        const client = [...project.services.values()].find(
          other => other !== service && other.networkMode === null && connects(other, service.name),
        )
        if (client === undefined) continue
        yield {
          at: listeners,
          message: `Kafka sends \`${client.name}\` to the loopback of its own container: Connection to node could not be established`,
          label: 'for the host alone',
          related: [{ at: client.at, message: `it connects to \`${service.name}\`` }],
          help: `Advertise \`${service.name}\` for the containers`,
        }
      }
    }
  },
})

/** The listeners that Kafka names to its clients, where each of them is the loopback. */
function advertised(service: ComposeService): Place | null {
  const variable = givenVariables(service).find(({ name }) =>
    /^KAFKA_(?:CFG_)?ADVERTISED_LISTENERS$/.test(name),
  )
  if (variable?.value?.known !== true || variable.value.value === '') return null
  const isInside = variable.value.value
    .split(',')
    .every(each => /^\s*\w+:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?\s*$/.test(each))
  return isInside ? (variable.value.at ?? variable.at) : null
}

/** True where a variable names the service as a broker. */
function connects(service: ComposeService, name: string): boolean {
  return givenVariables(service).some(
    variable =>
      /KAFKA|BROKER|BOOTSTRAP/i.test(variable.name) &&
      variable.value?.known === true &&
      new RegExp(`(?:^|[/,\\s])${name}:\\d+`).test(variable.value.value),
  )
}
