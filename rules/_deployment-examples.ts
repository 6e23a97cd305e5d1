import { conf } from '../src/engine/conf.ts'

const SELECTOR = conf`
  selector:
    matchLabels: { app: web }
`

export interface DeploymentParts {
  readonly api?: string
  readonly metadata?: string
  readonly selector?: string
  readonly name?: string
  readonly image?: string
  readonly container?: string
  readonly pod?: string
}

/** A Deployment of Kubernetes with one container; `container` and `pod` are more lines of these. */
export const kubernetesDeployment = ({
  api = 'apps/v1',
  metadata = 'name: web',
  selector = SELECTOR,
  name = 'web',
  image = 'example/web:1',
  container = '',
  pod = '',
}: DeploymentParts): string => conf`
  apiVersion: ${api}
  kind: Deployment
  metadata:
    ${metadata}
  spec:
    ${selector}
    template:
      metadata:
        labels: { app: web }
      spec:
        containers:
          - name: ${name}
            image: ${image}
            ${container}
        ${pod}
`
