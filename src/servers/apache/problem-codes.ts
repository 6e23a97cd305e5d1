/** Everything that the model of httpd can say against a configuration: a closed list, so that a switch over it is checked. */
export type ApacheProblemCode = 'include-missing' | 'include-unknown'
