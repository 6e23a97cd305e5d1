import { conf } from '../../src/engine/conf.ts'

/** A Deployment with the labels that {@link serviceFor} selects. */
export function deploymentOf(name: string, containers: string, volumes = ''): string {
  return conf`
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: ${name}
    spec:
      selector:
        matchLabels:
          app: ${name}
      template:
        metadata:
          labels:
            app: ${name}
        spec:
          containers:
            ${containers}
          ${volumes}
  `
}

export function serviceFor(name: string, port: string): string {
  return conf`
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: ${name}
    spec:
      selector:
        app: ${name}
      ports:
        - ${port}
  `
}

/** nginx with a site that a ConfigMap holds, and containers beside it in its pod. */
export function nginxPod(site: string, beside = ''): string {
  return conf`
    ${deploymentOf(
      'front',
      conf`
        - name: nginx
          image: nginx:1.27
          volumeMounts:
            - name: site
              mountPath: /etc/nginx/conf.d
        ${beside}
      `,
      conf`
        volumes:
          - name: site
            configMap:
              name: site
      `,
    )}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: site
    data:
      site.conf: |
        ${site}
  `
}
