"""The files of a SavedModel, as pushes and servers look at them."""


def saved_model(folder, content="graph", weights="w"):
    (folder / "variables").mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_text(content)
    (folder / "variables/data").write_text(weights)
    return folder
