import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import type { Workload } from '../../parsers/kubernetes/manifest.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { type Place, placeText, type Source } from '../../parsers/text/source.ts'
import { clusterBeside, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { appliedManifests } from '../../src/deployment/setups/applied-manifests.ts'
import { type ComposeUp, dockerCommand, type DockerRun } from '../../src/deployment/setups/docker-commands.ts'
import { isImageOf } from '../../src/deployment/setups/moving-image.ts'
import { isHarmless, isHarmlessBeside, isPreparing } from '../../src/deployment/setups/preparing-commands.ts'
import { type PushedImage, pushedImages } from '../../src/deployment/setups/pushed-images.ts'
import { type ServerCommands, serverCommands } from '../../src/deployment/setups/server-commands.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { projectsIn } from './_compose-projects.ts'

const compose = (service = 'image: ghcr.io/example/shop:latest', more = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        ${service}
        restart: unless-stopped
        ports:
          - "127.0.0.1:3000:3000"
      db:
        image: postgres:16
      ${more}
  `,
})
const workflow = (
  script = '«docker compose up» -d --remove-orphans',
  tags = 'ghcr.io/example/shop:latest',
  push = 'push: true',
): Record<string, string> => ({
  '.github/workflows/deploy.yml': conf`
    name: deploy
    on:
      push:
        branches: [main]
    jobs:
      build:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v4
          - uses: docker/build-push-action@v6
            with:
              context: .
              ${push}
              tags: ${tags}
      deploy:
        needs: build
        runs-on: ubuntu-latest
        steps:
          - uses: appleboy/ssh-action@v1
            with:
              host: \${{ secrets.SSH_HOST }}
              username: deploy
              script: |
                set -e
                cd /opt/shop
                ${script}
                docker image prune -f
  `,
})
const GITLAB = (deploy: string): Record<string, string> => ({
  '.gitlab-ci.yml': conf`
    build:
      stage: build
      image: docker:27
      services: [docker:27-dind]
      script:
        - docker login -u "$CI_REGISTRY_USER" -p "$CI_REGISTRY_PASSWORD" $CI_REGISTRY
        - docker build -t "$CI_REGISTRY_IMAGE:latest" .
        - docker push "$CI_REGISTRY_IMAGE:latest"
    deploy:
      stage: deploy
      script:
        - ${deploy}
  `,
})
const cluster = (
  image = 'example/shop:latest',
  apply = '«kubectl apply -f k8s/»',
): Record<string, string> => ({
  'k8s/shop.yaml': conf`
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      selector:
        matchLabels:
          app: shop
      template:
        metadata:
          labels:
            app: shop
        spec:
          containers:
            - name: shop
              image: ${image}
  `,
  '.github/workflows/deploy.yml': conf`
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v4
          - run: |
              docker build -t example/shop:latest .
              docker push example/shop:latest
          - run: ${apply}
          - run: kubectl rollout status deployment/shop
  `,
})

export default defineRule({
  summary: 'A deploy pushes a new image, and the server goes on with the old one',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A tag such as `latest` names the image that a machine has under it. `docker compose up` and `docker run` fetch one that is missing, and no other: what was pushed under the same tag since then stays in the registry, Compose says `Running`, and the job is green. Kubernetes makes new pods where the template of the pods changes, and a manifest with the same tag is `unchanged`.',
  remedy:
    'Run `docker compose pull` before `docker compose up -d`, or `up -d --pull always`; `docker pull` before `docker run`; `kubectl rollout restart` behind `kubectl apply`. Or deploy a tag of each commit',
  references: [
    'https://docs.docker.com/reference/cli/docker/compose/up/',
    'https://docs.docker.com/reference/compose-file/services/#pull_policy',
    'https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#updating-a-deployment',
  ],
  unproven: 'The live tests start no containers of Docker',
  bad: [
    { title: 'a workflow, and an action of ssh', files: { ...compose(), ...workflow() } },
    {
      title: 'the older Compose, and an image without a tag',
      files: {
        ...compose('image: example/shop'),
        ...workflow('«docker-compose -f docker-compose.yml up» -d --no-deps web', 'example/shop:latest'),
      },
    },
    {
      title: 'names that the workflow fills in, and several tags',
      files: {
        ...compose(),
        ...workflow(
          'docker login ghcr.io && «docker compose up» -d --force-recreate',
          '"ghcr.io/${{ github.repository }}:latest,ghcr.io/${{ github.repository }}:${{ github.sha }}"',
        ),
      },
    },
    {
      title: 'GitLab, and a command of ssh',
      files: {
        ...compose('image: registry.gitlab.com/example/shop:latest'),
        ...GITLAB('ssh deploy@www.example.org "cd /srv/shop && «docker compose up» -d"'),
      },
    },
    {
      title: 'the tag of a branch, of docker/metadata-action',
      files: {
        ...compose('image: ghcr.io/example/shop:main'),
        ...workflow(undefined, '${{ steps.meta.outputs.tags }}'),
        '.github/workflows/release.yml': conf`
          jobs:
            build:
              runs-on: ubuntu-latest
              steps:
                - id: meta
                  uses: docker/metadata-action@v5
                  with:
                    images: ghcr.io/example/shop
                    tags: type=ref,event=branch
                - uses: docker/build-push-action@v6
                  with:
                    push: \${{ github.event_name != 'pull_request' }}
                    tags: \${{ steps.meta.outputs.tags }}
        `,
      },
    },
    {
      title: 'a script on the server, and a workflow that pushes',
      files: {
        ...compose(),
        ...workflow('true'),
        'bin/deploy.sh': conf`
          #!/bin/bash
          set -euo pipefail
          cd /opt/shop
          git pull --ff-only
          docker compose down
          «docker compose up» -d
        `,
      },
    },
    {
      title: 'a Makefile',
      files: {
        ...compose('image: example/shop:latest'),
        Makefile: [
          'IMAGE := example/shop:latest',
          '',
          'push:',
          '\tdocker build -t $(IMAGE) .',
          '\tdocker push $(IMAGE)',
          '',
          'deploy: push',
          '\t@ssh deploy@www.example.org "cd /opt/shop && «docker compose up» -d"',
          '',
        ].join('\n'),
      },
    },
    {
      title: 'docker run',
      files: {
        ...compose('image: nginx:1.27'),
        ...workflow(conf`
          docker rm -f shop || true
          «docker run -d --name shop --restart always -p 127.0.0.1:3000:3000 ghcr.io/example/shop:latest»
        `),
      },
    },
    { title: 'Kubernetes', files: cluster() },
  ],
  good: [
    {
      title: 'docker compose pull',
      files: { ...compose(), ...workflow('docker compose pull\ndocker compose up -d') },
    },
    { title: '--pull always', files: { ...compose(), ...workflow('docker compose up -d --pull always') } },
    {
      title: 'docker pull',
      files: { ...compose(), ...workflow('docker pull ghcr.io/example/shop:latest\ndocker compose up -d') },
    },
    {
      title: 'pull_policy',
      files: {
        ...compose('image: ghcr.io/example/shop:latest\npull_policy: always'),
        ...workflow('docker compose up -d'),
      },
    },
    {
      title: 'an image that the server builds',
      files: { ...compose('build: .'), ...workflow('docker compose up -d --build') },
    },
    {
      title: 'the images are removed before',
      files: { ...compose(), ...workflow('docker compose down --rmi all\ndocker compose up -d') },
    },
    {
      title: 'all images without a container are removed before',
      files: {
        ...compose(),
        ...workflow('docker compose down\ndocker image prune -af\ndocker compose up -d'),
      },
    },
    {
      title: 'a script that may fetch it',
      files: { ...compose(), ...workflow('./bin/update\ndocker compose up -d') },
    },
    {
      title: 'Watchtower',
      files: {
        ...compose(undefined, 'watchtower:\n  image: containrrr/watchtower'),
        ...workflow('docker compose up -d'),
      },
    },
    {
      title: 'a tag of each commit',
      files: {
        ...compose('image: ghcr.io/example/shop:${TAG:-latest}'),
        ...workflow(
          'export TAG=${{ github.sha }}\ndocker compose up -d',
          'ghcr.io/example/shop:${{ github.sha }}',
        ),
      },
    },
    {
      title: 'a variable that the deploy fills in, beside `latest`',
      files: {
        ...compose('image: ghcr.io/example/shop:${TAG:-latest}'),
        ...workflow('echo "TAG=${{ github.sha }}" > .env\ndocker compose up -d'),
      },
    },
    {
      title: 'a digest',
      files: {
        ...compose(`image: ghcr.io/example/shop@sha256:${'0'.repeat(64)}`),
        ...workflow('docker compose up -d'),
      },
    },
    {
      title: 'an image that nobody pushes',
      files: { ...compose('image: example/other:latest'), ...workflow('docker compose up -d') },
    },
    {
      title: 'a build that is not pushed',
      files: { ...compose(), ...workflow('docker compose up -d', undefined, 'push: false') },
    },
    {
      title: 'a service that is not started',
      files: { ...compose(), ...workflow('docker compose up -d db') },
    },
    {
      title: 'the runner, which has built the image itself',
      files: {
        ...compose(),
        '.github/workflows/release.yml': conf`
          jobs:
            test:
              runs-on: ubuntu-latest
              steps:
                - uses: docker/build-push-action@v6
                  with:
                    push: true
                    load: true
                    tags: ghcr.io/example/shop:latest
                - run: docker compose up -d
        `,
      },
    },
    {
      title: 'an image of the registry that may be another one',
      files: {
        ...compose('image: ghcr.io/example/shop:latest', 'other:\n  image: ghcr.io/else/other:latest'),
        ...workflow('docker compose up -d', 'ghcr.io/${{ github.repository }}:latest'),
      },
    },
    {
      title: 'a stack of Swarm, which looks the tag up',
      files: { ...compose(), ...workflow('docker stack deploy -c docker-compose.yml shop') },
    },
    {
      title: 'Kubernetes that is told to restart',
      files: cluster(undefined, 'kubectl apply -f k8s/ && kubectl rollout restart deployment/shop'),
    },
    { title: 'a manifest with a release', files: cluster('example/shop:1.4.2', 'kubectl apply -f k8s/') },
    { title: 'manifests of another directory', files: cluster(undefined, 'kubectl apply -f cluster/') },
  ],
  *check(deployment) {
    const setups = deployment.setups() ?? []
    const pushed = pushedImages(setups)
    if (pushed.length === 0 || setups.some(fetchesByItself)) return
    for (const commands of serverCommands(setups)) yield* onServer(deployment, commands, pushed)
    yield* inCluster(deployment, pushed)
  },
})

/** Programs that look for new images all the time. */
const FETCHES_BY_ITSELF =
  /watchtower|ouroboros|shepherd|keel\.sh|\bkeel\b|image-updater|imagepolic|\bdiun\b|portainer|dokploy|coolify|caprover|dockge/i

const fetchesByItself = memo(({ text }: Source): boolean => FETCHES_BY_ITSELF.test(text))

function* onServer(
  deployment: Deployment,
  { source, commands }: ServerCommands,
  pushed: readonly PushedImage[],
): Iterable<RuleFinding> {
  const starts: (ComposeUp | DockerRun)[] = []
  for (const command of commands) {
    const effect = dockerCommand(command)
    if (effect === null) {
      if (isHarmless(command) || isHarmlessBeside(command) || isPreparing(command)) continue
      return
    }
    if (effect.kind === 'renews') return
    if (effect.kind !== 'other') starts.push(effect)
  }
  for (const start of starts) {
    const found =
      start.kind === 'run'
        ? pushedAs(start.image, pushed, true)
        : startedOld(projectsIn(deployment), start, pushed, source.text)
    if (found === null) continue
    yield {
      at: start.at,
      message: `\`${start.kind === 'run' ? 'docker run' : 'docker compose up'}\` takes the image that the server has as \`${found.reference}\`, not the one that was pushed: nothing here pulls it`,
      label: 'pulls no image that is there',
      related: [
        { at: found.image.at, message: 'pushed here, under the same tag each time' },
        ...(found.at === null ? [] : [{ at: found.at, message: 'what is started' }]),
      ],
    }
  }
}

interface OldImage {
  readonly reference: string
  readonly image: PushedImage
  /** Where a service or a pod names it. */
  readonly at: Place | null
}

function pushedAs(reference: string, pushed: readonly PushedImage[], exact: boolean): OldImage | null {
  const image = pushed.find(each => isImageOf(each, reference) && (each.isExact || !exact))
  return image === undefined ? null : { reference, image, at: null }
}

/** The first service that Compose starts with an image which is pushed. */
function startedOld(
  projects: readonly ComposeProject[],
  up: ComposeUp,
  pushed: readonly PushedImage[],
  script: string,
): OldImage | null {
  const policies = projects.flatMap(({ services }) => [...services.values()])
  for (const project of projects.filter(each => isStarted(each, up, projects)))
    for (const service of project.services.values()) {
      const { image, build, name } = service
      if (build !== null || image?.known !== true || image.at === null || !isChosen(service, up)) continue
      if (policies.some(each => each.name === name && !isPlainPolicy(each))) continue
      // What fills the tag in may be another one each time.
      const variables = [...placeText(image.at).matchAll(/\$\{?(\w+)/g)]
      if (variables.some(([, variable = '']) => script.includes(variable))) continue
      const old = pushedAs(image.value, pushed, !isTheOnly(project, service, pushed))
      if (old !== null) return { ...old, at: image.at }
    }
  return null
}

function isStarted(
  { sources }: ComposeProject,
  { files }: ComposeUp,
  projects: readonly ComposeProject[],
): boolean {
  const names = sources.map(({ path }) => posix.basename(path))
  if (files.length > 0) return files.some(file => names.includes(posix.basename(file)))
  return projects.length === 1 || names.some(name => /^(?:docker-)?compose\.ya?ml$/.test(name))
}

function isChosen({ name, profiles }: ComposeService, up: ComposeUp): boolean {
  if (up.services.length > 0) return up.services.includes(name)
  return (
    profiles.length === 0 || profiles.some(profile => profile.known && up.profiles.includes(profile.value))
  )
}

const isPlainPolicy = ({ pullPolicy }: ComposeService): boolean =>
  pullPolicy === null || (pullPolicy.known && /^(?:missing|if_not_present)$/.test(pullPolicy.value))

/** True where a name that is left open can be that of this service's image alone. */
function isTheOnly(
  { services }: ComposeProject,
  service: ComposeService,
  pushed: readonly PushedImage[],
): boolean {
  return [...services.values()].every(({ image, build, name }) => {
    if (name === service.name) return true
    if (build !== null || image?.known !== true) return false
    return (
      image.value === (service.image?.known === true ? service.image.value : null) ||
      pushedAs(image.value, pushed, false) === null
    )
  })
}

const KEEPS_PODS = /^(?:Deployment|StatefulSet|DaemonSet)$/

function* inCluster(deployment: Deployment, pushed: readonly PushedImage[]): Iterable<RuleFinding> {
  const applied = appliedManifests(deployment.setups() ?? [])
  if (applied.length === 0) return
  const cluster = clusterFiles(deployment) ?? clusterBeside(deployment)
  if (cluster === null || cluster.isRenamed || cluster.hasPatches) return
  const workloads = cluster.files.flatMap(file => (file.complete ? file.workloads : []))
  for (const { path, at } of applied) {
    const own = pushed.filter(image => image.at.source === at.source && image.isExact)
    const found = workloads
      .filter(workload => KEEPS_PODS.test(workload.kind) && isIn(workload, path))
      .flatMap(({ containers }) => containers)
      .flatMap(container => {
        const old = container.image === null ? null : pushedAs(container.image, own, true)
        return old === null ? [] : [{ ...old, at: container.at }]
      })
    const [old] = found
    if (old === undefined) continue
    yield {
      at,
      message: `\`kubectl apply\` finds the manifest \`unchanged\`: its image is \`${old.reference}\` as before, so no pod is made anew with the one that was pushed`,
      label: 'changes nothing',
      related: [
        { at: old.image.at, message: 'pushed here, under the same tag each time' },
        { at: old.at, message: 'the pods have it' },
      ],
    }
  }
}

/** True for a manifest that is the file, or lies in the directory, which a text names from where it runs. */
function isIn({ at }: Workload, path: string): boolean {
  return isBelow(at.source.path, `/${path}`) || at.source.path.endsWith(`/${path}`)
}
