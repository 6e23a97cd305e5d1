import { conf } from '../../src/engine/conf.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'

/** A ConfigMap with files of nginx, a Deployment that mounts it, and what more is given. */
export const manifests = ({
  key = 'default.conf',
  nginx,
  image = 'nginx:1.27',
  mount = 'mountPath: /etc/nginx/conf.d',
  container = '',
  more = '',
}: {
  readonly key?: string
  readonly nginx: string
  readonly image?: string
  readonly mount?: string
  readonly container?: string
  readonly more?: string
}): Record<string, string> => ({
  'deploy/web.yaml': conf`
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: web-conf
    data:
      ${key}: |
        ${nginx}
    ---
    ${kubernetesDeployment({
      name: 'nginx',
      image,
      container: conf`
        ${container}
        volumeMounts:
          - name: conf
            ${mount}
      `,
      pod: conf`
        volumes:
          - name: conf
            configMap:
              name: web-conf
      `,
    })}
    ${more}
  `,
})

export const page = (port = '80'): string => conf`
  server {
      listen ${port};
      root /usr/share/nginx/html;
  }
`

export const main = (lines = ''): string => conf`
  events {
  }
  http {
      ${lines}
      ${page()}
  }
`

/** An Ingress whose one path is rewritten to a target. */
export const rewrittenIngress = ({
  target,
  path,
  type = 'ImplementationSpecific',
  annotations = '',
  version = 'networking.k8s.io/v1',
}: {
  readonly target: string
  readonly path: string
  readonly type?: string
  readonly annotations?: string
  readonly version?: string
}): Record<string, string> => ({
  'nginx.conf': page(),
  'k8s/ingress.yaml': conf`
    apiVersion: ${version}
    kind: Ingress
    metadata:
      name: shop
      annotations:
        nginx.ingress.kubernetes.io/rewrite-target: ${target}
        ${annotations}
    spec:
      ingressClassName: nginx
      rules:
        - host: example.org
          http:
            paths:
              - path: ${path}
                pathType: ${type}
                backend:
                  service: { name: shop, port: { number: 80 } }
  `,
})
