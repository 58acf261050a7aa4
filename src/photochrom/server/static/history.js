// Undo and redo over whole values: every state is kept as it was.

export class History {
  #past = [];
  #future = [];

  constructor(first) {
    this.now = first;
  }

  push(value) {
    this.#past.push(this.now);
    this.#future = [];
    this.now = value;
  }

  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.now);
    this.now = this.#past.pop();
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.now);
    this.now = this.#future.pop();
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }
}
