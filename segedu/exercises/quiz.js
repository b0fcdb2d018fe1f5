// Answers a quiz: one fieldset a question, the answers as JSON beside them.
(() => {
  const root = document.currentScript.parentElement;
  const all = JSON.parse(root.querySelector("script[type='application/json']").textContent);

  const say = (field, right, text) => {
    const feedback = field.querySelector(".feedback");
    feedback.textContent = "";
    feedback.dataset.right = right;
    const mark = document.createElement("b");
    mark.textContent = right === "yes" ? "✓ Right. " : right === "no" ? "✗ Not yet. " : "";
    const rest = document.createElement("span");
    rest.innerHTML = text;
    feedback.append(mark, rest);
  };

  const numeric = (typed, answers) => {
    const number = Number(typed.trim().replace(",", "."));
    if (typed.trim() === "" || Number.isNaN(number)) return null;
    return answers.find((a) =>
      a.type === "range" ? a.range[0] <= number && number <= a.range[1] : a.value === number);
  };

  root.querySelectorAll("fieldset").forEach((field, k) => {
    const answers = all[k];
    const inputs = [...field.querySelectorAll("input")];
    if (field.dataset.type === "numeric") {
      const check = () => {
        const found = numeric(inputs[0].value, answers);
        if (found === null) say(field, "", "Type a number, for instance 12 or 0.5.");
        else if (found) say(field, found.correct ? "yes" : "no", found.feedback);
        else say(field, "no", "Try again.");
      };
      field.querySelector("button").addEventListener("click", check);
      inputs[0].addEventListener("keydown", (event) => event.key === "Enter" && check());
      return;
    }
    const rightOnes = answers.filter((a) => a.correct).length;
    inputs.forEach((input, i) =>
      input.addEventListener("change", () => {
        const { correct, feedback } = answers[i];
        if (field.dataset.type === "multiple_choice") {
          inputs.forEach((other) => delete other.parentElement.dataset.right);
          input.parentElement.dataset.right = correct ? "yes" : "no";
          say(field, correct ? "yes" : "no", feedback);
          return;
        }
        if (!input.checked) {
          delete input.parentElement.dataset.right;
          say(field, "", "");
          return;
        }
        input.parentElement.dataset.right = correct ? "yes" : "no";
        const found = inputs.filter((other, j) => other.checked && answers[j].correct).length;
        const rest = found === rightOnes ? " That is all of them." : " There is more to find.";
        say(field, correct ? "yes" : "no", correct ? feedback + rest : feedback);
      }),
    );
  });
})();
